import { type Container, readContainer } from './container.ts';
import type { Details } from './details.ts';

/** How many entries are read in one turn of the event loop. */
const SLICE = 25;

export interface ReaderOptions {
  readonly details: Details;
  /** Adds what is known beyond the list, and returns the very same container as before if nothing has changed. */
  readonly finish: (container: Container) => Container;
  /** See `readContainer`. */
  readonly isNear: ((gateway: string) => boolean) | undefined;
}

/** Makes containers of the entries of a list, and leaves out entries that are not containers. */
export class Reader {
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Reads the entries in slices, so that a list of thousands does not delay requests. */
  async read(entries: readonly unknown[]): Promise<Container[]> {
    const { details, finish, isNear } = this.#options;
    const containers: Container[] = [];
    for (let i = 0; i < entries.length; i += SLICE) {
      if (i > 0) await new Promise((resolve) => setImmediate(resolve));
      for (const entry of entries.slice(i, i + SLICE)) {
        const container = readContainer(entry, isNear);
        if (container !== undefined) containers.push(finish(details.add(container)));
      }
    }
    const learned = await details.ask(containers);
    if (learned.size === 0) return containers;
    return containers.map((one) => (learned.has(one.id) ? finish(details.add(one)) : one));
  }
}
