import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const PAGE = fileURLToPath(new URL('../../../docs/recipes/programs.md', import.meta.url));

/** What the page says to save under a name: the text of the block below `<!-- test: file=NAME -->`. */
export function fileOfPage(name: string): string {
  const page = readFileSync(PAGE, 'utf8');
  for (const [, file, block = ''] of page.matchAll(/<!-- test: file=(\S+) -->\n```\w*\n(.*?)^```$/gms))
    if (file === name) return block;
  throw new Error(`docs/recipes/programs.md has no block of ${name}`);
}

/** As much of a Compose file as a trial changes. */
export interface Compose {
  readonly services: Readonly<
    Record<string, { image?: string; build?: string; labels?: Record<string, string> }>
  >;
  readonly networks: Readonly<Record<string, { external?: boolean; name?: string }>>;
}

export function composeOfPage(name: string): Compose {
  return parse(fileOfPage(name));
}
