import { createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress } from '../../model/address.ts';

/** Connections that wait to be accepted; the kernel has its own limit too (net.core.somaxconn). */
const BACKLOG = 4_096;

/** A port that takes connections. */
export interface Listening {
  /** With the port that was given, when 0 was asked for. */
  readonly address: Address;
  /** Takes no more connections; those that are open stay. */
  close(): void;
}

/** Listens on an address. Rejects with a sentence for people when it cannot. */
export async function listenTcp(address: Address, onSocket: (socket: Socket) => void): Promise<Listening> {
  try {
    return await listen(address, onSocket);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A machine without IPv6: every address is then every IPv4 address.
    if (address.host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) {
      return listen({ ...address, host: '0.0.0.0' }, onSocket);
    }
    throw new Error(`cannot listen on ${formatAddress(address)}: ${explain(code)}`, { cause: error });
  }
}

function listen(address: Address, onSocket: (socket: Socket) => void): Promise<Listening> {
  return new Promise((resolve, reject) => {
    // A client that half-closes is ours to deal with, not the runtime's.
    const server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true }, onSocket);
    server.once('error', reject);
    server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      // Out of file descriptors, say: the next connection may be accepted again.
      server.on('error', () => {});
      resolve({ address: { host: address.host, port: portOf(server) }, close: () => server.close() });
    });
  });
}

function portOf(server: Server): number {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

function explain(code: string | undefined): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process listens there';
    case 'EACCES':
      return 'ports below 1024 need more rights';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address';
    default:
      return code ?? 'unknown error';
  }
}
