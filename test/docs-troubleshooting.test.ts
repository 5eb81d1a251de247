import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** All that Fairlead can say: its sources, where line ends and operators between two texts mean nothing. */
const said = globSync('src/**/*.ts', { cwd: PROJECT })
  .map((path) => readFileSync(join(PROJECT, path), 'utf8'))
  .join('\n')
  .replaceAll("\\'", "'");

/** What the first column of a table quotes, in the pieces between what is left open. */
function quotes(page: string): string[] {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) =>
    [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
  );
}

t.test('what the page of troubles quotes is what Fairlead says', async (t) => {
  const all = quotes(readFileSync(join(PROJECT, 'docs/troubleshooting.md'), 'utf8'));
  t.ok(all.length > 30, 'the quotes were found');
  for (const quote of all) {
    const pieces = quote.split('…').map((piece) => piece.replace(/^[\s,:)]+|[\s,:(]+$/g, ''));
    for (const piece of pieces.filter((one) => one !== ''))
      t.ok(said.includes(piece), `"${piece}" of "${quote}"`);
  }
});
