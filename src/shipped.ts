import { readFileSync } from 'node:fs';

/** The text of a file of the folder config/, which comes with Fairlead. Throws when it is not there. */
export function shipped(name: string): string {
  return readFileSync(new URL(`../config/${name}`, import.meta.url), 'utf8');
}
