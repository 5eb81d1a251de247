import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The text of a file of the folder config/, which comes with Fairlead. Throws when it is not there. */
export function shipped(name: string): string {
  return readFileSync(new URL(`../config/${name}`, import.meta.url), 'utf8');
}

/** The folder of pages: that of the options, or the one that comes with Fairlead. */
export function pagesDir({ pages }: { readonly pages: string }): string {
  return pages || fileURLToPath(new URL('../config/pages', import.meta.url));
}
