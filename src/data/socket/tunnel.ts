import type { Expiring, Sweep } from '../sweep.ts';
import type { Transport, TransportOwner } from './transport.ts';

/** How long one side may finish once the other has closed. */
const CLOSING_MS = 2_000;
/** How often a side that is not read is asked whether it is still there. */
const ASK_MS = 5_000;

/** Who hears of a tunnel's end. */
export interface TunnelEvents {
  /** The client's side is closed. */
  onClientClosed(): void;
  /** Half of it is left, and says nothing: it must end. */
  onSilent(): void;
  /** Both are. */
  onClosed(): void;
  /** Code of ours threw. */
  onBroken(error: unknown): void;
}

/** One side of a tunnel: what it says the other is sent. */
class Side implements TransportOwner {
  /** Bytes that it said. */
  said = 0;
  hasEnded = false;
  readonly #from: Transport;
  readonly #to: Transport;
  readonly #events: SideEvents;

  constructor(from: Transport, to: Transport, events: SideEvents) {
    this.#from = from;
    this.#to = to;
    this.#events = events;
    // First both sides have to be ready.
    from.pause();
    from.transfer(this);
  }

  onRead(buffer: Buffer, size: number): void {
    this.said += size;
    this.#events.passed();
    this.#to.bytes(buffer, 0, size);
    if (this.#to.flush() === 'full') this.#from.pause();
  }

  onDrain(): void {
    this.#events.passed();
    this.#to.resume();
  }

  /** The other direction may go on: half a connection is closed. */
  onEnd(): void {
    this.hasEnded = true;
    this.#events.passed();
    this.#to.end();
  }

  onClose(): void {
    this.#events.closed(this);
  }

  onBroken(error: unknown): void {
    this.#events.broke(error);
  }
}

interface SideEvents {
  passed(): void;
  closed(side: Side): void;
  broke(error: unknown): void;
}

/**
 * Two connections that speak another protocol: what one says the other is sent. Which of them closes the other is http-proxy's
 * affair. One side may end and still hear the other out, which then has to say something now and then.
 */
export class Tunnel implements Expiring, SideEvents {
  deadline: number;
  readonly #client: Transport;
  readonly #backend: Transport;
  readonly #fromClient: Side;
  readonly #fromBackend: Side;
  readonly #sweep: Sweep;
  /** When half a tunnel has been silent for too long. */
  #silentAt: number;
  readonly #silentMs: number;
  readonly #events: TunnelEvents;
  #isClosing = false;

  /** @param silentMs how long nothing may be passed on once one side has ended; 0 is no limit */
  constructor(client: Transport, backend: Transport, sweep: Sweep, silentMs: number, events: TunnelEvents) {
    this.#client = client;
    this.#backend = backend;
    this.#sweep = sweep;
    this.#silentMs = silentMs;
    this.#events = events;
    this.#silentAt = sweep.deadlineIn(silentMs);
    this.deadline = sweep.deadlineIn(ASK_MS);
    this.#fromClient = new Side(client, backend, this);
    this.#fromBackend = new Side(backend, client, this);
    sweep.add(this);
  }

  /** Bytes that were passed on. */
  get toClient(): number {
    return this.#fromBackend.said;
  }

  get toBackend(): number {
    return this.#fromClient.said;
  }

  /** Begins to pass on. @param first what the client has said already */
  join(first: Buffer): void {
    this.#client.resume();
    this.#backend.resume();
    if (first.length > 0) this.#fromClient.onRead(first, first.length);
  }

  destroy(): void {
    this.#client.destroy();
    this.#backend.destroy();
  }

  expire(): void {
    const isHalf = this.#fromClient.hasEnded || this.#fromBackend.hasEnded;
    const isSilent = isHalf && this.#silentMs > 0 && this.#sweep.now >= this.#silentAt;
    if (this.#isClosing) return this.destroy();
    if (isSilent) return this.#events.onSilent();
    this.deadline = this.#sweep.deadlineIn(ASK_MS);
    this.#client.ask();
    this.#backend.ask();
  }

  // What its sides tell.

  passed(): void {
    this.#silentAt = this.#sweep.deadlineIn(this.#silentMs);
  }

  closed(side: Side): void {
    this.#isClosing = true;
    this.deadline = this.#sweep.deadlineIn(CLOSING_MS);
    if (this.#client.isClosed && this.#backend.isClosed) {
      this.#sweep.delete(this);
      this.#events.onClosed();
    }
    if (side !== this.#fromClient) return;
    // What the client sent last may still be on its way.
    this.#backend.close();
    this.#events.onClientClosed();
  }

  broke(error: unknown): void {
    this.#events.onBroken(error);
  }
}
