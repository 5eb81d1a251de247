import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The text of a file in the folder config/, which comes with Fairlead. Throws if it is missing. */
export function shipped(name: string): string {
  return readFileSync(new URL(`../config/${name}`, import.meta.url), 'utf8');
}

/** The folder of pages that the options name, or the one that comes with Fairlead. */
export function pagesDir({ pages }: { readonly pages: string }): string {
  return pages || fileURLToPath(new URL('../config/pages', import.meta.url));
}
