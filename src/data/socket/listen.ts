import { type BoundSocket, createServer, type Server, type Socket } from 'node:net';
import { type Address, isWithoutIpv6, ListenError } from '../../model/address.ts';
import type { BoundTo } from '../../model/data-plane.ts';
import type { Listener } from '../../model/listener.ts';
import { internalErrors } from '../../telemetry/internal-errors.ts';
import { type ListenerFilter, passing } from './listener-filter.ts';
import { KEEP_ALIVE_MS } from './socket-transport.ts';
import type { Transport } from './transport.ts';

/** Connections that wait to be accepted; the kernel has its own limit too (net.core.somaxconn). */
const BACKLOG = 4_096;

/** A port that takes connections. */
export interface Listening {
  /** With the port that was given, when 0 was asked for. */
  readonly address: Address;
  /** Takes no more connections; those that are open stay. */
  close(): void;
}

/** Who takes the connections of a listener. */
export interface Acceptor {
  /** One was accepted. It is served when it is ready for its protocol, or never. */
  accepted(): void;
  /** Takes one, in the turn in which this is called. */
  serve(transport: Transport): void;
}

/**
 * Listens on the address of a listener. Rejects with a sentence for people when it cannot.
 * @param filter what stands between connections and their protocol
 */
export async function listenTcp(
  listener: Listener,
  bound: BoundTo,
  acceptor: Acceptor,
  filter: ListenerFilter = passing,
): Promise<Listening> {
  const { address } = listener;
  const serve = (transport: Transport) => acceptor.serve(transport);
  const onSocket = (socket: Socket) => {
    try {
      acceptor.accepted();
      filter(socket, serve);
    } catch (error) {
      internalErrors.report('client', error);
      socket.destroy();
    }
  };
  try {
    return await listen(address, bound, onSocket);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isWithoutIpv6(address, code)) return listen({ ...address, host: '0.0.0.0' }, bound, onSocket);
    throw new ListenError(listener, error);
  }
}

function listen(address: Address, bound: BoundTo, onSocket: (socket: Socket) => void): Promise<Listening> {
  return new Promise((resolve, reject) => {
    // A client that half-closes is ours to deal with, not the runtime's.
    const server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, allowHalfOpen: true },
      onSocket,
    );
    server.once('error', reject);
    const { host, port } = address;
    // Of a socket the options' backlog does not count, only the argument's.
    server.listen(socketOf(bound) ?? { host, port }, BACKLOG, () => {
      server.off('error', reject);
      // Out of file descriptors, say: the next connection may be accepted again.
      server.on('error', () => {});
      resolve({ address: { host, port: portOf(server) }, close: () => server.close() });
    });
  });
}

/** What is bound to the address already. */
function socketOf({ fd, socket }: BoundTo): object | undefined {
  if (socket !== undefined) return { handle: socket as BoundSocket };
  return fd === undefined ? undefined : { fd };
}

function portOf(server: Server): number {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
