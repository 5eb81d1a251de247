import type { Listener } from '../../src/model/listener.ts';

/** A listener of plain HTTP on a port of this machine, a free one without any. */
export function listenerOn(port = 0, more: Partial<Listener> = {}): Listener {
  const address = { host: '127.0.0.1', port };
  return { name: 'http', address, protocol: 'http', tls: false, proxyProtocol: false, ...more };
}
