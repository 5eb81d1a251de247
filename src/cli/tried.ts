import { readdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';

/** What cannot be looked at is as if it were not there. */
function tried<T>(run: () => T, otherwise: T): T {
  try {
    return run();
  } catch {
    return otherwise;
  }
}

/** The text of a file; empty without. */
export const readOr = (path: string): string => tried(() => readFileSync(path, 'utf8'), '');
/** The names in a folder; none without. */
export const listOr = (path: string): string[] => tried(() => readdirSync(path), []);
/** Where a link leads; empty without. */
export const linkOr = (path: string): string => tried(() => readlinkSync(path), '');
export const statOf = (path: string): Stats | undefined => tried(() => statSync(path), undefined);
