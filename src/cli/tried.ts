import { readdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';

/** Reads something; what cannot be read counts as missing. */
function tried<T>(run: () => T, otherwise: T): T {
  try {
    return run();
  } catch {
    return otherwise;
  }
}

/** The text of a file; empty if it cannot be read. */
export const readOr = (path: string): string => tried(() => readFileSync(path, 'utf8'), '');
/** The names in a folder; none if it cannot be read. */
export const listOr = (path: string): string[] => tried(() => readdirSync(path), []);
/** The target of a link; empty if it cannot be read. */
export const linkOr = (path: string): string => tried(() => readlinkSync(path), '');
export const statOf = (path: string): Stats | undefined => tried(() => statSync(path), undefined);
