import { Gathered } from '../socket/gathered.ts';
import type { Upstream } from './attempt.ts';

/** So many bytes travel in one piece on any network: IPv6's least packet (RFC 8200, section 5) without its headers. */
export const SEGMENT = 1_200;

/** Bytes of a request's body that are kept once they were sent, so that another backend can be sent the same. */
export const MAX_REPLAY = 65_536;

/** A piece from this size on is kept as it came. Smaller ones are gathered, but for the first: most bodies are one piece. */
const LARGE_PIECE = 4_096;

/** Unless it came with much else, which it would keep in memory. */
const MAX_FIRST_READ = 16_384;

type Kept = (Buffer | Gathered)[];

/** What is kept of a body that is empty: nothing is added to it, and most requests have none. */
const NOTHING: Kept = [];

/** What has come of a request's body: passed on as it comes, and kept as long as another attempt may need it. */
export class RequestBody {
  /** The whole body has come. */
  isComplete: boolean;
  trailers = '';
  /** Bytes that came. */
  size = 0;
  #kept: Kept | undefined;
  #sent = false;
  /** It was sent, and must not be sent again. */
  #isSpent = false;

  constructor(isEmpty: boolean) {
    this.isComplete = isEmpty;
    this.#kept = isEmpty ? NOTHING : [];
  }

  /** A backend may have seen some of the request. */
  get isSent(): boolean {
    return this.#sent;
  }

  /** Everything that came is still here. */
  get isKept(): boolean {
    return this.#kept !== undefined;
  }

  /** And it may be sent again. */
  get canReplay(): boolean {
    return this.isKept && !this.#isSpent;
  }

  /**
   * More has come, from `from` to before `to`. The buffer must not change from now on. Before the first connection stands
   * nothing is forgotten: the client is stopped by then, so what waits is bounded.
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
   * It is being sent: from now on it is kept only if sending it again is harmless, and up to the limit.
   * @param isRepeatable at any time
   * @param isOnceOver when it is known that the backend is through with it
   */
  markSent(isRepeatable: boolean, isOnceOver = false): void {
    this.#sent = true;
    this.#isSpent = !isRepeatable;
    // Of a small one it may turn out that nobody read it.
    const most = isRepeatable || isOnceOver ? MAX_REPLAY : this.isComplete ? SEGMENT : -1;
    if (this.size > most) this.forget();
  }

  /** Who has read it is through with it. */
  release(): void {
    this.#isSpent = false;
  }

  /** Nobody has read it: it is as if it had not been sent. */
  takeBack(): void {
    this.#sent = false;
    this.#isSpent = false;
  }

  forget(): void {
    this.#kept = undefined;
  }

  /** Sends all that came to another backend. */
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
