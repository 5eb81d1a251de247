import type { Expiring, Sweep } from '../sweep.ts';
import type { Transport, TransportOwner } from './transport.ts';

/** How long the other side may go on once one has closed. */
const CLOSING_MS = 2_000;
/** How often each side is asked whether it is still there, which matters for a side that is not read. */
const ASK_MS = 5_000;

/** Hears of a tunnel's end. */
export interface TunnelEvents {
  /** The client's side is closed. */
  onClientClosed(): void;
  /** One side has ended and the other is silent: the tunnel must end. */
  onSilent(): void;
  /** Both sides are closed. */
  onClosed(): void;
  /** Code of ours threw. */
  onBroken(error: unknown): void;
}

/** One side of a tunnel: sends what it reads to the other side. */
class Side implements TransportOwner {
  /** Bytes that this side has sent. */
  said = 0;
  hasEnded = false;
  readonly #from: Transport;
  readonly #to: Transport;
  readonly #events: SideEvents;

  constructor(from: Transport, to: Transport, events: SideEvents) {
    this.#from = from;
    this.#to = to;
    this.#events = events;
    // Nothing is read until both sides are ready.
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

  /** Half of the connection is closed; the other direction may go on. */
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
 * Two connections that speak another protocol: what comes from one is sent to the other. http-proxy has joined them, and closes
 * one with the other. A side may end and still listen to the other, which then has to send something now and then.
 */
export class Tunnel implements Expiring, SideEvents {
  deadline: number;
  readonly #client: Transport;
  readonly #backend: Transport;
  readonly #fromClient: Side;
  readonly #fromBackend: Side;
  readonly #sweep: Sweep;
  /** The time at which a half-closed tunnel counts as silent for too long. */
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

  /**
   * Begins to pass bytes on.
   * @param first bytes that the client has sent already
   */
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

  // SideEvents: what the sides tell.

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
    // Closes in order: what the client sent last may still be on its way.
    this.#backend.close();
    this.#events.onClientClosed();
  }

  broke(error: unknown): void {
    this.#events.onBroken(error);
  }
}
