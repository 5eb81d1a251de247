import type { Container } from './container.ts';

/**
 * Notices that a stream of events is dead although its connection is not: lists tell what no event told. One of these
 * watches one stream.
 */
export class Untold {
  /** What events told of since the latest list was asked for, and between that and the one before. */
  #heard = new Set<string>();
  #heardBefore = new Set<string>();
  /** An event came in that time that was not understood: it may have told anything. */
  #isUnclear = false;
  #wasUnclear = false;

  /** @param containerId undefined where an event does not say it */
  hear(containerId: string | undefined): void {
    if (containerId === undefined) this.#isUnclear = true;
    else this.#heard.add(containerId);
  }

  /** All are listed from now on. */
  begin(): void {
    this.#heardBefore = this.#heard;
    this.#heard = new Set();
    this.#wasUnclear = this.#isUnclear;
    this.#isUnclear = false;
  }

  /** Ids of the containers that are listed as something else than what is known of them, without an event. */
  find(known: Iterable<Container>, listed: readonly Container[]): string[] {
    const states = new Map<string, string>();
    for (const container of known) states.set(container.id, kindOf(container));
    const changed: string[] = [];
    for (const container of listed) {
      // What was created has not been started yet, which is no news.
      if ((states.get(container.id) ?? '') !== kindOf(container)) changed.push(container.id);
      states.delete(container.id);
    }
    // What is left is gone.
    return [...changed, ...states.keys()].filter((id) => !this.#isHeard(id));
  }

  /** Of these, those that no event has told of until now. */
  still(containerIds: readonly string[]): string[] {
    return this.#isUnclear || this.#wasUnclear ? [] : containerIds.filter((id) => !this.#isHeard(id));
  }

  #isHeard(id: string): boolean {
    return this.#heard.has(id) || this.#heardBefore.has(id);
  }
}

/** What of its state always comes with an event. */
function kindOf({ state }: Container): string {
  // Podman stops in two steps, and tells of the second one.
  if (state === 'stopping') return 'running';
  return state === 'running' || state === 'paused' ? state : '';
}
