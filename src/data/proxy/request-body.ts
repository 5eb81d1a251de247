import { Gathered } from '../socket/gathered.ts';
import type { Upstream } from './attempt.ts';

/** So many bytes travel in one piece on any network: IPv6's least packet (RFC 8200, section 5) without its headers. */
export const SEGMENT = 1_200;

/** Bytes of a request's body that are kept once they were sent, so that another backend can be sent the same. */
export const MAX_REPLAY = 65_536;

/** Pieces from this size on are kept as they came. Smaller ones are gathered, but for the first: most bodies are one piece. */
const LARGE_PIECE = 4_096;

/** A first piece of a larger read is gathered too: as a slice it would keep the whole read in memory. */
const MAX_FIRST_READ = 16_384;

type Kept = (Buffer | Gathered)[];

/** Shared by all empty bodies, which most requests have. Nothing is ever added to it. */
const NOTHING: Kept = [];

/** The part of a request's body that has come. It is kept for as long as another attempt may need it. */
export class RequestBody {
  /** The whole body has come. */
  isComplete: boolean;
  trailers = '';
  /** Bytes that came. */
  size = 0;
  #kept: Kept | undefined;
  #sent = false;
  /** The body was sent, and must not be sent again. */
  #isSpent = false;

  constructor(isEmpty: boolean) {
    this.isComplete = isEmpty;
    this.#kept = isEmpty ? NOTHING : [];
  }

  /** A backend may have seen some of the request. */
  get isSent(): boolean {
    return this.#sent;
  }

  /** All of the body that has come is still in memory. */
  get isKept(): boolean {
    return this.#kept !== undefined;
  }

  /** All of it is in memory, and may be sent again. */
  get canReplay(): boolean {
    return this.isKept && !this.#isSpent;
  }

  /**
   * Adds the bytes from `from` to before `to`, which must not change any more. All are kept until a backend is connected;
   * the client is paused by then, which bounds them.
   */
  receive(buffer: Buffer, from: number, to: number): void {
    this.size += to - from;
    if (this.#sent && this.size > MAX_REPLAY) this.forget();
    else if (this.#kept !== undefined) keep(this.#kept, buffer, from, to);
  }

  /** The last byte has come. */
  complete(trailers: string): void {
    this.isComplete = true;
    this.trailers = trailers;
  }

  /**
   * The body is being sent: it is kept from now on only if sending it again is harmless, and up to the limit.
   * @param isRepeatable whether it may be sent again at any time
   * @param isOnceOver whether it may be sent again once the backend is known to have finished with it
   */
  markSent(isRepeatable: boolean, isOnceOver = false): void {
    this.#sent = true;
    this.#isSpent = !isRepeatable;
    // A small one is kept, since it may turn out that no backend has read it.
    const most = isRepeatable || isOnceOver ? MAX_REPLAY : this.isComplete ? SEGMENT : -1;
    if (this.size > most) this.forget();
  }

  /** The backend that has read it has finished with it. */
  release(): void {
    this.#isSpent = false;
  }

  /** No backend has read it: it counts as not sent. */
  takeBack(): void {
    this.#sent = false;
    this.#isSpent = false;
  }

  forget(): void {
    this.#kept = undefined;
  }

  /** Writes all that has come to another backend. */
  replay(upstream: Upstream): void {
    for (const kept of this.#kept ?? []) {
      const bytes = kept instanceof Gathered ? kept.bytes : kept;
      upstream.write(bytes, 0, bytes.length);
    }
    if (this.isComplete) upstream.end(this.trailers);
  }
}

function keep(kept: Kept, buffer: Buffer, from: number, to: number): void {
  const isFirst = kept.length === 0 && buffer.length < MAX_FIRST_READ;
  if (isFirst || to - from >= LARGE_PIECE) kept.push(buffer.subarray(from, to));
  else {
    let last = kept[kept.length - 1];
    if (!(last instanceof Gathered)) {
      last = new Gathered();
      kept.push(last);
    }
    last.add(buffer, from, to);
  }
}
