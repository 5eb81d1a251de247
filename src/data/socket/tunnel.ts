import type { Socket } from 'node:net';
import type { Expiring, Sweep } from '../sweep.ts';
import { DirectRead } from './direct-read.ts';
import { Outbox } from './outbox.ts';

/** How long one side may finish once the other has closed. */
const CLOSING_MS = 2_000;
/** How often a side that is not read is asked whether it is still there. */
const ASK_MS = 5_000;

const NOTHING = Buffer.alloc(0);

/** Who hears of a tunnel's end. */
export interface TunnelEvents {
  /** The client's side is closed. */
  onClientClosed(): void;
  /** Half of it is left, and says nothing: it must end. */
  onSilent(): void;
  /** Both are. */
  onClosed(): void;
}

/**
 * Two sockets that speak another protocol: what one reads the other is sent, past the queues and events of the pipes that
 * joined them. Which socket closes the other is http-proxy's affair.
 * One side may end and still hear the other out, which then has to say something now and then.
 */
export class Tunnel implements Expiring {
  deadline: number;
  /** Bytes that were passed on. */
  toClient = 0;
  toBackend = 0;
  readonly #client: Socket;
  readonly #backend: Socket;
  readonly #sweep: Sweep;
  /** When half a tunnel has been silent for too long. */
  #silentAt: number;
  readonly #silentMs: number;
  readonly #events: TunnelEvents;
  #isClosing = false;

  /** @param silentMs how long nothing may be passed on once one side has ended; 0 is no limit */
  constructor(client: Socket, backend: Socket, sweep: Sweep, silentMs: number, events: TunnelEvents) {
    this.#client = client;
    this.#backend = backend;
    this.#sweep = sweep;
    this.#silentMs = silentMs;
    this.#events = events;
    this.#silentAt = sweep.deadlineIn(silentMs);
    this.deadline = sweep.deadlineIn(ASK_MS);
    backend.once('close', () => this.#closed(events));
    client.once('close', () => {
      this.#closed(events);
      // What the client sent last may still be on its way.
      if (!backend.destroyed) backend.destroySoon();
      events.onClientClosed();
    });
    sweep.add(this);
  }

  /** Begins to pass on, in place of pipes. */
  join(): void {
    this.#pass(this.#client, this.#backend, (size) => {
      this.toBackend += size;
    });
    this.#pass(this.#backend, this.#client, (size) => {
      this.toClient += size;
    });
  }

  destroy(): void {
    this.#client.destroy();
    this.#backend.destroy();
  }

  expire(): void {
    const isHalf = this.#client.readableEnded || this.#backend.readableEnded;
    const isSilent = isHalf && this.#silentMs > 0 && this.#sweep.now >= this.#silentAt;
    if (this.#isClosing) return this.destroy();
    if (isSilent) return this.#events.onSilent();
    this.deadline = this.#sweep.deadlineIn(ASK_MS);
    ask(this.#client);
    ask(this.#backend);
  }

  #pass(from: Socket, to: Socket, count: (size: number) => void): void {
    from.unpipe(to);
    const outbox = new Outbox(to);
    new DirectRead((chunk) => {
      count(chunk.length);
      this.#passed();
      outbox.bytes(chunk, 0, chunk.length);
      if (outbox.flush() === 'full') from.pause();
    }).begin(from);
    to.on('drain', () => {
      this.#passed();
      from.resume();
    });
    // The other direction may go on: half a connection is closed.
    from.on('end', () => {
      this.#passed();
      to.end();
    });
    from.resume();
  }

  #passed(): void {
    this.#silentAt = this.#sweep.deadlineIn(this.#silentMs);
  }

  #closed(events: TunnelEvents): void {
    this.#isClosing = true;
    this.deadline = this.#sweep.deadlineIn(CLOSING_MS);
    if (!this.#client.destroyed || !this.#backend.destroyed) return;
    this.#sweep.delete(this);
    events.onClosed();
  }
}

/**
 * The runtime hears nothing of a socket that it neither reads nor writes, not even a reset or that the kernel found the
 * peer gone. Writing nothing tells: it fails, and that closes the socket.
 */
function ask(socket: Socket): void {
  const isHeard = !socket.readableEnded && !socket.isPaused();
  if (!isHeard && !socket.writableEnded && socket.writableLength === 0) socket.write(NOTHING);
}
