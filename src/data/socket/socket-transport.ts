import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { plainAddress } from '../../model/ip.ts';
import { DirectRead, readOn } from './direct-read.ts';
import { Outbox } from './outbox.ts';
import type { Flow, Shown, Transport, TransportOwner } from './transport.ts';

/** When the kernel begins to ask a silent peer whether it is still there: one that vanished says nothing of it. */
export const KEEP_ALIVE_MS = 60_000;

const NOTHING = Buffer.alloc(0);

/** Hears what happens before there is an owner, and after the close. */
const NOBODY: TransportOwner = { onRead() {}, onDrain() {}, onEnd() {}, onClose() {}, onBroken() {} };

/** A transport on a socket of the runtime, plain or TLS. */
export class SocketTransport implements Transport {
  /** Told what happens. */
  owner: TransportOwner = NOBODY;
  readonly shown: Shown | undefined;
  readonly #socket: Socket;
  /**
   * What a TLS socket stands on: of bare TCP alone does the runtime know how to reset it, and hear from it whether it is there.
   */
  readonly #below: Socket | undefined;
  /** While something is written now and then. */
  #outbox: Outbox | undefined = undefined;

  constructor(socket: Socket, below?: Socket, shown?: Shown) {
    this.#socket = socket;
    this.shown = shown;
    this.#below = below;
    (socket as Duplex as Carried)[TRANSPORT] = this;
    socket.on('error', onError).on('drain', onDrain).on('end', onEnd).on('close', onClose);
    if (below !== undefined) {
      (below as Duplex as Carried)[TRANSPORT] = this;
      below.on('error', onError);
      // Of one that was accepted the runtime says nothing else when what comes cannot be decrypted.
      socket.on('_tlsError', onError);
    }
    if (socket.connecting) socket.once(below === undefined ? 'connect' : 'secureConnect', onConnect);
  }

  get peer(): string {
    return plainAddress(this.#socket.remoteAddress ?? '');
  }

  text(text: string): void {
    this.#outbox ??= new Outbox(this.#socket);
    this.#outbox.text(text);
  }

  bytes(buffer: Buffer, from: number, to: number): void {
    this.#outbox ??= new Outbox(this.#socket);
    this.#outbox.bytes(buffer, from, to);
  }

  flush(): Flow {
    return this.#outbox?.flush() ?? 'taken';
  }

  get isFull(): boolean {
    return this.#outbox?.isFull === true;
  }

  get pending(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    readOn(this.#socket);
  }

  get isPaused(): boolean {
    return this.#socket.isPaused();
  }

  end(onSent?: () => void): void {
    const socket = this.#socket;
    this.#outbox?.flush();
    if (this.isClosed) return;
    if (onSent !== undefined) socket.end(() => this.isClosed || this.tell(onSent));
    // A second time makes an error, with its stack.
    else if (!socket.writableEnded) socket.end();
  }

  get isEnded(): boolean {
    return this.#socket.writableEnded;
  }

  close(): void {
    this.#outbox?.flush();
    if (!this.isClosed) this.#socket.destroySoon();
  }

  destroy(): void {
    if (!this.isClosed) this.#socket.destroy();
  }

  reset(): void {
    if (this.isClosed) return;
    const bare = this.#bare;
    // Without a connection there is nothing to reset; and one whose end is being sent the runtime cannot, nor ever close.
    if (bare.pending || this.#socket.writableEnded) return this.destroy();
    try {
      bare.resetAndDestroy();
    } catch {
      // It is no TCP.
      this.destroy();
    }
  }

  get isClosed(): boolean {
    // What stands on a socket closes with it. To destroy it by hand as well ends the process: the runtime frees it twice.
    return this.#socket.destroyed || this.#below?.destroyed === true;
  }

  keepAlive(): void {
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
  }

  ask(): void {
    const socket = this.#socket;
    const isHeard = !socket.readableEnded && !socket.isPaused();
    // What waits is an attempt already. Writing nothing fails when the connection is gone, and that closes it.
    if (!isHeard && socket.writable && socket.writableLength === 0) this.#bare.write(NOTHING);
  }

  tryWrite(text: string, onTried: (isRefused: boolean) => void): void {
    const answer = (error?: NodeJS.ErrnoException | null) =>
      this.tell(() => onTried(error?.code === 'EPIPE'));
    if (this.#socket.writable) this.#socket.write(text, 'latin1', answer);
    else process.nextTick(answer);
  }

  transfer(owner: TransportOwner): void {
    this.owner = owner;
  }

  rest(): void {
    this.#outbox = undefined;
  }

  get stream(): Duplex {
    return this.#socket;
  }

  /** Runs a callback of the owner. */
  tell(run: () => void): void {
    const { owner } = this;
    try {
      run();
    } catch (error) {
      owner.onBroken(error);
    }
  }

  /** It is over; nobody is told anything from now on. */
  closed(cause: NodeJS.ErrnoException | undefined): void {
    const { owner } = this;
    this.owner = NOBODY;
    try {
      owner.onClose(cause);
    } catch (error) {
      owner.onBroken(error);
    }
  }

  get #bare(): Socket {
    return this.#below ?? this.#socket;
  }
}

const TRANSPORT = Symbol('transport');
type Carried = Duplex & { [TRANSPORT]: SocketTransport };

/** The transport of a socket, which is `this` of its listeners. */
export function transportOf(socket: Duplex): SocketTransport {
  return (socket as Carried)[TRANSPORT];
}

// One listener of each kind for all sockets: made for each they were a fifth of what an idle connection costs.
const reading = new DirectRead(function (chunk) {
  const { owner } = transportOf(this);
  try {
    owner.onRead(chunk, chunk.length);
  } catch (error) {
    owner.onBroken(error);
  }
});
const onConnect = telling((owner) => owner.onConnect?.());
const onDrain = telling((owner) => owner.onDrain());
const onEnd = telling((owner) => owner.onEnd());
function onClose(this: Socket): void {
  transportOf(this).closed(undefined);
}
function onError(this: Socket, error: NodeJS.ErrnoException): void {
  this.destroy();
  transportOf(this).closed(error);
}

function telling(tell: (owner: TransportOwner) => void): (this: Socket) => void {
  return function () {
    const { owner } = transportOf(this);
    try {
      tell(owner);
    } catch (error) {
      owner.onBroken(error);
    }
  };
}

/**
 * Makes a transport of a socket that somebody else accepted or opened, in the turn in which it came: an error that nobody
 * listens for would end the process. Whoever takes it has to do so in the same turn.
 * @param below the socket of TCP that a TLS socket stands on
 * @param shown what its client was shown
 */
export function transportOn(socket: Duplex, below?: Socket, shown?: Shown): Transport {
  const transport = new SocketTransport(socket as Socket, below, shown);
  reading.begin(socket as Socket);
  return transport;
}
