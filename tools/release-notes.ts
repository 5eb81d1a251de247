// node tools/release-notes.ts vX.Y.Z: prints what the changelog says of that version, once it is the one of package.json.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const [tag = ''] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

try {
  console.log(releaseNotes(tag, version, readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')));
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}

/** The section of a version. Throws where tag, package and changelog do not speak of the same one. */
function releaseNotes(tag: string, version: string, changelog: string): string {
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag || 'missing'}, package.json says ${version}`);
  const section = changelog.split(/^## /m).find((text) => text.startsWith(`[${version}] - `));
  const [heading = '', ...lines] = section?.split('\n') ?? [];
  if (!/ - \d{4}-\d\d-\d\d$/.test(heading))
    throw new Error(`CHANGELOG.md has no heading "## [${version}] - YYYY-MM-DD"`);
  const notes = lines.join('\n').trim();
  if (notes === '') throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return notes;
}
