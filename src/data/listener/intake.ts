/** Requests that may begin in each turn although connections wait to be accepted: so few do not make a turn long. */
const AT_ONCE = 16;
/** The most turns in a row for which the other requests wait, so that a stream of connections does not keep them for ever. */
const MAX_TURNS = 16;

/** For each client that was gone before its answer, so many first requests wait for a turn… */
const WARY_OF = 128;
/** …but no more than this altogether: so many still wait when a flood is over. */
const MAX_WARY = 1_024;

const NONE: readonly Deferred[] = [];

/** A connection whose request waits. */
export interface Deferred {
  /** The request may begin now. The connection may be gone meanwhile. */
  begin(): void;
  /** `begin` threw. */
  onBroken(error: unknown): void;
}

/**
 * Lets connections in before requests begin. A turn of the loop accepts one connection of each listening socket and then serves
 * everything that is ready. With hundreds of busy clients a turn takes many milliseconds, and the last connection in the queue
 * of the socket waits for seconds. So while connections come, few requests begin in a turn. The others begin after the first
 * turn that brings no connection.
 *
 * While clients leave without waiting for their answers, the first request of a connection waits for one turn more than it
 * takes to read it. If its client has sent it and reset the connection, that is known by then, and no connection to a backend
 * was opened for it.
 */
export class Intake {
  readonly #afterTurn: (run: () => void) => void;
  #isComing = false;
  #isWatching = false;
  #accepted = 0;
  #begun = 0;
  #turns = 0;
  #deferred: Deferred[] = [];
  /** How many first requests are still to be made to wait. */
  #wary = 0;
  /** First requests that came in this turn, and in the turn before it. */
  #first: Deferred[] = [];
  #firstBefore: Deferred[] = [];

  /** @param afterTurn calls a function once all that is ready has been served */
  constructor(afterTurn: (run: () => void) => void = setImmediate) {
    this.#afterTurn = afterTurn;
  }

  /** A connection was accepted: others may wait to be accepted behind it. */
  accepted(): void {
    this.#accepted++;
    this.#isComing = true;
    this.#watchTurns();
  }

  /** A client did not wait for its answer. */
  gone(): void {
    this.#wary = Math.min(MAX_WARY, this.#wary + WARY_OF);
  }

  /**
   * A request has come. True when it must wait for its `begin`.
   * @param isFirst it is the first request of its connection
   */
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
    // The two lists are never the same one: a request in both would begin twice.
    this.#first = first.length === 0 ? first : [];
    const deferred = this.#takeDeferred();
    this.#isWatching = this.#isComing || this.#firstBefore.length > 0;
    if (this.#isWatching) this.#afterTurn(this.#onTurn);
    for (const one of first) begin(one);
    for (const one of deferred) begin(one);
  };

  /** The requests that begin now: all that wait, unless the turn brought connections. */
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

/** A request that fails to begin must not keep the others waiting. */
function begin(one: Deferred): void {
  try {
    one.begin();
  } catch (error) {
    one.onBroken(error);
  }
}
