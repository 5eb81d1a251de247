import { readFileSync } from 'node:fs';

/** The version of the package. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;

/** Set by tools/build.ts; undefined when the sources are run directly. */
declare const FAIRLEAD_COMMIT: string | undefined;

/** Describes this program: its version, its commit if that is known, and the runtime. */
export function describeVersion(): string {
  const commit = typeof FAIRLEAD_COMMIT === 'undefined' ? undefined : FAIRLEAD_COMMIT;
  return `fairlead ${VERSION} (${commit === undefined ? '' : `commit ${commit}, `}Node.js ${process.version})`;
}
