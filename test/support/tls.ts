import { connect, type Socket } from 'node:net';
import { createSecureContext, connect as secure, TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import type { ListenerFilter } from '../../src/data/socket/listener-filter.ts';
import { transportOn } from '../../src/data/socket/socket-transport.ts';
import { RawClient, reset } from './client.ts';
import { listenerOn } from './listener.ts';
import { startProxy, type TestProxy } from './proxy.ts';
import { makeSelfSigned } from './self-signed.ts';

/** The certificate of all tests of a process. */
let certificate: ReturnType<typeof makeSelfSigned> | undefined;

/** Speaks TLS with whoever connects. */
async function tlsFilter(t: Test): Promise<ListenerFilter> {
  certificate ??= makeSelfSigned(t);
  const secureContext = createSecureContext(await certificate);
  return (accepted, pass) =>
    pass(transportOn(new TLSSocket(accepted, { isServer: true, secureContext }), accepted));
}

/** The same as `startProxy`, but its port is one where clients connect with TLS. */
export async function startTlsProxy(
  t: Test,
  ...args: Parameters<typeof startProxy> extends [unknown, ...infer Rest] ? Rest : never
): Promise<TestProxy> {
  const proxy = await startProxy(t, ...args);
  const listener = listenerOn(0, { name: 'https', tls: true });
  const { port } = await proxy.plane.listen(listener, {}, await tlsFilter(t));
  return { ...proxy, port };
}

/** A raw connection with TLS to a port of this machine, gone at the end of the test. */
export async function connectTls(t: Test, port: number): Promise<TlsClient> {
  const below = connect({ host: '127.0.0.1', port, noDelay: true });
  const socket = secure({ socket: below, rejectUnauthorized: false });
  below.on('error', () => {});
  const client = new TlsClient(socket, below);
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  t.teardown(() => below.destroy());
  return client;
}

/** A client that speaks in bytes, over TLS. */
export class TlsClient extends RawClient {
  /** The bare connection. */
  readonly below: Socket;

  constructor(socket: Socket, below: Socket) {
    super(socket);
    this.below = below;
  }

  /** Goes away in a way that the other end takes for an error. */
  reset(): void {
    reset(this.below);
  }
}
