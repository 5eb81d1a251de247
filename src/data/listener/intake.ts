/** Requests that a turn begins at once, whoever waits to be accepted: so few make no long turn. */
const AT_ONCE = 16;
/** Turns in a row for which the others wait, so that a stream of connections does not keep them for ever. */
const MAX_TURNS = 16;

/** Whose request waits. */
export interface Deferred {
  /** It may begin now. It may be gone meanwhile. */
  begin(): void;
}

/**
 * Lets connections in before requests begin. A turn of the loop accepts one connection of each listening socket and
 * then serves everything that is ready: with hundreds of busy clients it takes many milliseconds, and whoever is last
 * in the queue of the socket waits for seconds. So while connections come, a turn begins few requests. The others
 * begin as soon as a turn brings no connection.
 */
export class Intake {
  readonly #afterTurn: (run: () => void) => void;
  #isComing = false;
  #accepted = 0;
  #begun = 0;
  #turns = 0;
  #deferred: Deferred[] = [];

  /** @param afterTurn runs something when all that is ready has been served */
  constructor(afterTurn: (run: () => void) => void = setImmediate) {
    this.#afterTurn = afterTurn;
  }

  /** A connection was accepted: others may wait behind it. */
  accepted(): void {
    this.#accepted++;
    if (this.#isComing) return;
    this.#isComing = true;
    this.#afterTurn(this.#onTurn);
  }

  /** A request has come. True when it must wait for its `begin`. */
  defers(one: Deferred): boolean {
    if (!this.#isComing || ++this.#begun <= AT_ONCE) return false;
    this.#deferred.push(one);
    return true;
  }

  readonly #onTurn = (): void => {
    this.#begun = 0;
    if (this.#accepted > 0 && ++this.#turns < MAX_TURNS) {
      this.#accepted = 0;
      this.#afterTurn(this.#onTurn);
      return;
    }
    this.#isComing = false;
    this.#accepted = 0;
    this.#turns = 0;
    const deferred = this.#deferred;
    if (deferred.length === 0) return;
    this.#deferred = [];
    for (const one of deferred) one.begin();
  };
}
