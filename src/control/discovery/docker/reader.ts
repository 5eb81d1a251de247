import { type Container, readContainer } from './container.ts';
import type { Details } from './details.ts';

/** Entries that are read without a pause. */
const SLICE = 25;

export interface ReaderOptions {
  readonly details: Details;
  /** What is known beyond the list, and the very same container as before if it says the same. */
  readonly finish: (container: Container) => Container;
  /** See `readContainer`. */
  readonly isNear: ((gateway: string) => boolean) | undefined;
}

/** Makes containers of the entries of a list, and leaves out those that are none. */
export class Reader {
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** A list of thousands must not keep requests waiting. */
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
