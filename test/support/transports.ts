import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, connect as secure, TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import { openTransport } from '../../src/data/socket/open.ts';
import { transportOn } from '../../src/data/socket/socket-transport.ts';
import type { Transport, TransportOwner } from '../../src/data/socket/transport.ts';

/** Remembers what it is told. */
export class RecordingOwner implements TransportOwner {
  received = '';
  /** Names of what it was told, but for reads. */
  readonly told: string[] = [];
  cause: NodeJS.ErrnoException | undefined = undefined;
  readonly broken: unknown[] = [];
  /** Called with the name of all that it is told, `read` too. */
  onTold: (name: string) => void = () => {};

  onRead(buffer: Buffer, size: number): void {
    this.received += buffer.toString('latin1', 0, size);
    this.onTold('read');
  }
  onConnect(): void {
    this.#tell('connect');
  }
  onDrain(): void {
    this.#tell('drain');
  }
  onEnd(): void {
    this.#tell('end');
  }
  onClose(cause: NodeJS.ErrnoException | undefined): void {
    this.cause = cause;
    this.#tell('close');
  }
  onBroken(error: unknown): void {
    this.broken.push(error);
  }

  get isClosed(): boolean {
    return this.told.includes('close');
  }

  #tell(name: string): void {
    this.told.push(name);
    this.onTold(name);
  }
}

/** A connection of which the transport is one end, and the test the other. */
export interface Pair {
  readonly transport: Transport;
  readonly owner: RecordingOwner;
  /** It reads nothing until it is told to. */
  readonly peer: Socket;
  /** Goes away in a way that the other end takes for an error. */
  resetPeer(): void;
}

/** A way to come to a transport, and what stands behind it. */
export interface Maker {
  readonly name: string;
  /** A pair that is connected. */
  make(t: Test, owner?: RecordingOwner): Promise<Pair>;
}

const OPTIONS = { host: '127.0.0.1', allowHalfOpen: true, noDelay: true } as const;

/** Every way there is: accepted and opened, plain and over TLS. */
export function makersOf(certificate: { readonly key: Buffer; readonly cert: Buffer }): Maker[] {
  const context = createSecureContext(certificate);
  const serverSide = (socket: Socket) => new TLSSocket(socket, { isServer: true, secureContext: context });
  const clientSide = (socket: Socket) => secure({ socket, rejectUnauthorized: false });
  return [
    maker('accepted', async (t, owner) => {
      const { accepted, opened } = await connection(t);
      const transport = transportOn(accepted);
      transport.transfer(owner);
      return { transport, owner, peer: opened, resetPeer: () => opened.resetAndDestroy() };
    }),
    maker('opened', async (t, owner) => {
      const { server, port } = await listen(t);
      const transport = openTransport({ host: '127.0.0.1', port }, owner);
      const [peer] = (await once(server, 'connection')) as [Socket];
      await untilTold(owner, 'connect');
      return { transport, owner, peer, resetPeer: () => peer.resetAndDestroy() };
    }),
    maker('accepted over TLS', async (t, owner) => {
      const { accepted, opened } = await connection(t);
      const transport = transportOn(serverSide(accepted), accepted);
      transport.transfer(owner);
      const peer = clientSide(opened);
      await once(peer, 'secureConnect');
      return { transport, owner, peer, resetPeer: () => opened.resetAndDestroy() };
    }),
    maker('opened over TLS', async (t, owner) => {
      const { accepted, opened } = await connection(t);
      const peer = serverSide(accepted);
      const isSecure = once(peer, 'secure');
      const transport = transportOn(clientSide(opened), opened);
      transport.transfer(owner);
      await Promise.all([untilTold(owner, 'connect'), isSecure]);
      return { transport, owner, peer, resetPeer: () => accepted.resetAndDestroy() };
    }),
  ];
}

function maker(name: string, connected: (t: Test, owner: RecordingOwner) => Promise<Pair>): Maker {
  const make = async (t: Test, owner = new RecordingOwner()) => {
    const pair = await connected(t, owner);
    pair.peer.on('error', () => {}).pause();
    t.teardown(() => {
      pair.transport.destroy();
      pair.peer.destroy();
    });
    return pair;
  };
  return { name, make };
}

async function listen(t: Test): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(OPTIONS);
  await new Promise<void>((resolve) => server.listen(0, OPTIONS.host, resolve));
  t.teardown(() => server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

/** The two ends of a connection of TCP. */
async function connection(t: Test): Promise<{ readonly accepted: Socket; readonly opened: Socket }> {
  const { server, port } = await listen(t);
  const opened = connect({ ...OPTIONS, port });
  opened.on('error', () => {});
  const [accepted] = (await once(server, 'connection')) as [Socket];
  accepted.on('error', () => {});
  return { accepted, opened };
}

/** Waits until an owner was told something. */
function untilTold(owner: RecordingOwner, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const { onTold } = owner;
    owner.onTold = (told) => {
      if (told === 'close') reject(owner.cause ?? new Error('closed'));
      if (told !== name) return;
      owner.onTold = onTold;
      resolve();
    };
  });
}
