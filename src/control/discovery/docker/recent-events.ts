import type { Clock } from '../../../model/clock.ts';
import type { Container } from './container.ts';
import type { EngineEvent } from './event.ts';

/** How long after an event the Engine's list may still show a container as it was before, in milliseconds. */
export const LAG_MS = 250;

type Change = Partial<Pick<Container, 'state' | 'health'>>;

/** Remembers what events told of containers a moment ago, to correct lists that do not show it yet. */
export class RecentEvents {
  readonly #clock: Clock;
  readonly #changes = new Map<string, { readonly at: number; readonly change: Change }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  hear(event: EngineEvent): void {
    const change = changeOf(event);
    if (change === undefined) return;
    const before = this.#fresh(event.containerId);
    this.#forgetOld();
    this.#changes.delete(event.containerId);
    this.#changes.set(event.containerId, { at: this.#clock.elapsed(), change: { ...before, ...change } });
  }

  /** Corrects a listed container by its recent events. */
  correct(container: Container): Container {
    const change = this.#fresh(container.id);
    return change === undefined ? container : { ...container, ...change };
  }

  /** Drops old changes; the oldest come first. */
  #forgetOld(): void {
    for (const [containerId, { at }] of this.#changes) {
      if (this.#clock.elapsed() - at < LAG_MS) break;
      this.#changes.delete(containerId);
    }
  }

  #fresh(containerId: string): Change | undefined {
    const known = this.#changes.get(containerId);
    if (known === undefined) return undefined;
    if (this.#clock.elapsed() - known.at < LAG_MS) return known.change;
    this.#changes.delete(containerId);
    return undefined;
  }
}

function changeOf(event: EngineEvent): Change | undefined {
  switch (event.action) {
    case 'start':
    case 'unpause':
      return { state: 'running' };
    case 'pause':
      return { state: 'paused' };
    case 'die':
      return { state: 'exited' };
    case 'health_status':
      return event.health === undefined ? undefined : { health: event.health };
    default:
      return undefined;
  }
}
