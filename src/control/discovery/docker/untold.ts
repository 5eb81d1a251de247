import type { Container } from './container.ts';

/**
 * Notices that a stream of events is dead although its connection is open: a list shows changes that no event told of. Each
 * instance watches one stream.
 */
export class Untold {
  /** Ids in events since the latest list was requested, and in those between that request and the one before. */
  #heard = new Set<string>();
  #heardBefore = new Set<string>();
  /** An event that was not understood came in that time; it may have been about anything. */
  #isUnclear = false;
  #wasUnclear = false;

  /** @param containerId the container that the event is about; undefined if the event does not say */
  hear(containerId: string | undefined): void {
    if (containerId === undefined) this.#isUnclear = true;
    else this.#heard.add(containerId);
  }

  /** Call this when a list of all containers is requested. */
  begin(): void {
    this.#heardBefore = this.#heard;
    this.#heard = new Set();
    this.#wasUnclear = this.#isUnclear;
    this.#isUnclear = false;
  }

  /** The ids of containers whose listed state differs from the known one without an event. */
  find(known: Iterable<Container>, listed: readonly Container[]): string[] {
    const states = new Map<string, string>();
    for (const container of known) states.set(container.id, kindOf(container));
    const changed: string[] = [];
    for (const container of listed) {
      // A container that was only created has no state that counts yet.
      if ((states.get(container.id) ?? '') !== kindOf(container)) changed.push(container.id);
      states.delete(container.id);
    }
    // The containers that are left in `states` are gone.
    return [...changed, ...states.keys()].filter((id) => !this.#isHeard(id));
  }

  /** The ids among these that no event has told of until now. */
  still(containerIds: readonly string[]): string[] {
    return this.#isUnclear || this.#wasUnclear ? [] : containerIds.filter((id) => !this.#isHeard(id));
  }

  #isHeard(id: string): boolean {
    return this.#heard.has(id) || this.#heardBefore.has(id);
  }
}

/** The part of a container's state whose changes always come with an event. */
function kindOf({ state }: Container): string {
  // Podman stops in two steps, and sends an event for the second one only.
  if (state === 'stopping') return 'running';
  return state === 'running' || state === 'paused' ? state : '';
}
