/** Requests that a turn begins at once, whoever waits to be accepted: so few make no long turn. */
const AT_ONCE = 16;
/** Turns in a row for which the others wait, so that a stream of connections does not keep them for ever. */
const MAX_TURNS = 16;

/** First requests that wait for a turn, for each request whose client was gone before its answer… */
const WARY_OF = 128;
/** …and at most: when a flood is over, so many are left. */
const MAX_WARY = 1_024;

const NONE: readonly Deferred[] = [];

/** Whose request waits. */
export interface Deferred {
  /** It may begin now. It may be gone meanwhile. */
  begin(): void;
  /** That threw. */
  onBroken(error: unknown): void;
}

/**
 * Lets connections in before requests begin. A turn of the loop accepts one connection of each listening socket and
 * then serves everything that is ready: with hundreds of busy clients it takes many milliseconds, and whoever is last
 * in the queue of the socket waits for seconds. So while connections come, a turn begins few requests. The others
 * begin as soon as a turn brings no connection.
 *
 * While clients go without waiting for their answers, the first request of a connection waits for one turn more than it
 * takes to read it: a client that sent it and reset the connection is known to be gone by then, and has cost no backend
 * a connection.
 */
export class Intake {
  readonly #afterTurn: (run: () => void) => void;
  #isComing = false;
  #isWatching = false;
  #accepted = 0;
  #begun = 0;
  #turns = 0;
  #deferred: Deferred[] = [];
  /** First requests that are still to be waited with. */
  #wary = 0;
  /** First requests that came in this turn, and in the one before. */
  #first: Deferred[] = [];
  #firstBefore: Deferred[] = [];

  /** @param afterTurn runs something when all that is ready has been served */
  constructor(afterTurn: (run: () => void) => void = setImmediate) {
    this.#afterTurn = afterTurn;
  }

  /** A connection was accepted: others may wait behind it. */
  accepted(): void {
    this.#accepted++;
    this.#isComing = true;
    this.#watchTurns();
  }

  /** A client did not wait for its answer. */
  gone(): void {
    this.#wary = Math.min(MAX_WARY, this.#wary + WARY_OF);
  }

  /** A request has come, the first of its connection or another. True when it must wait for its `begin`. */
  defers(one: Deferred, isFirst = false): boolean {
    if (isFirst) return this.#wary > 0 && this.#waitForReset(one);
    if (!this.#isComing || ++this.#begun <= AT_ONCE) return false;
    this.#deferred.push(one);
    return true;
  }

  #waitForReset(one: Deferred): boolean {
    this.#wary--;
    this.#first.push(one);
    this.#watchTurns();
    return true;
  }

  #watchTurns(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#afterTurn(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#begun = 0;
    const first = this.#firstBefore;
    this.#firstBefore = this.#first;
    // Never the same list: who is in both would begin twice.
    this.#first = first.length === 0 ? first : [];
    const deferred = this.#takeDeferred();
    this.#isWatching = this.#isComing || this.#firstBefore.length > 0;
    if (this.#isWatching) this.#afterTurn(this.#onTurn);
    for (const one of first) begin(one);
    for (const one of deferred) begin(one);
  };

  /** Those that begin now: all, unless the turn brought connections. */
  #takeDeferred(): readonly Deferred[] {
    this.#isComing = this.#accepted > 0 && ++this.#turns < MAX_TURNS;
    this.#accepted = 0;
    if (this.#isComing) return NONE;
    this.#turns = 0;
    const deferred = this.#deferred;
    if (deferred.length > 0) this.#deferred = [];
    return deferred;
  }
}

/** One that cannot begin must not keep the others waiting. */
function begin(one: Deferred): void {
  try {
    one.begin();
  } catch (error) {
    one.onBroken(error);
  }
}
