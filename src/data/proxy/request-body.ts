import { SEGMENT } from '../http1/sent-request.ts';
import type { Upstream } from './exchange.ts';

/** Bytes of a request's body that are kept once they were sent, so that another backend can be sent the same. */
export const MAX_REPLAY = 65_536;

/** What is kept of a body that is empty: nothing is added to it, and most requests have none. */
const NOTHING: Buffer[] = [];

/** What has come of a request's body: passed on as it comes, and kept as long as another attempt may need it. */
export class RequestBody {
  /** The whole body has come. */
  isComplete: boolean;
  trailers = '';
  /** Bytes that came. */
  size = 0;
  #kept: Buffer[] | undefined;
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
   * More has come. The bytes belong to the body from now on. Before the first connection stands nothing is
   * forgotten: the client is stopped by then, so what waits is bounded.
   */
  receive(bytes: Buffer): void {
    this.size += bytes.length;
    this.#kept?.push(bytes);
    if (this.#sent && this.size > MAX_REPLAY) this.forget();
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
    for (const bytes of this.#kept ?? []) upstream.write(bytes, 0, bytes.length);
    if (this.isComplete) upstream.end(this.trailers);
  }
}
