import type { Container } from './container.ts';

/** Entries that are read without a pause. */
const SLICE = 25;

/** The containers of a list, without the entries that are none. A list of thousands must not keep requests waiting. */
export async function readList(
  entries: readonly unknown[],
  read: (entry: unknown) => Container | undefined,
): Promise<Container[]> {
  const containers: Container[] = [];
  for (let i = 0; i < entries.length; i += SLICE) {
    if (i > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const entry of entries.slice(i, i + SLICE)) {
      const container = read(entry);
      if (container !== undefined) containers.push(container);
    }
  }
  return containers;
}
