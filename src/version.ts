import { readFileSync } from 'node:fs';

/** The version of the package. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;

/** Put in by tools/build.ts; not there where the sources run as they are. */
declare const FAIRLEAD_COMMIT: string | undefined;

/** What people are told of this program: version, commit where it is known, and runtime. */
export function describeVersion(): string {
  const commit = typeof FAIRLEAD_COMMIT === 'undefined' ? undefined : FAIRLEAD_COMMIT;
  return `fairlead ${VERSION} (${commit === undefined ? '' : `commit ${commit}, `}Node.js ${process.version})`;
}
