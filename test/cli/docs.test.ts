import { readFileSync } from 'node:fs';
import t from 'tap';
import { cliPage } from '../../docs/cli.ts';

t.test('the page of the command line is what the table of commands says', async (t) => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  t.equal(page, cliPage(), 'npm run docs writes it');
});
