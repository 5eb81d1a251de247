import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What each backend of the test application received, by the files that it wrote (`RECEIVED`); killed ones too. */
export async function readReceived(folder: string): Promise<Map<string, string[]>> {
  const received = new Map<string, string[]>();
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'utf8');
    received.set(name, text.split('\n').filter(Boolean));
  }
  return received;
}

/** The ids that were received more than once, by one or by several. */
export function receivedTwice(received: ReadonlyMap<string, readonly string[]>): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of [...received.values()].flat()) {
    if (seen.has(id)) twice.add(id);
    seen.add(id);
  }
  return [...twice];
}
