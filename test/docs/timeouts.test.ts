import { readFileSync } from 'node:fs';
import t from 'tap';
import { OPTIONS } from '../../src/config/options.ts';
import { type ErrorCode, ProxyError } from '../../src/data/errors.ts';
import { KEYS } from '../../src/model/keys/key-table.ts';

const PAGE = readFileSync(new URL('../../docs/timeouts.md', import.meta.url), 'utf8');

/** The cells of the tables that have a default. */
const ROWS = PAGE.slice(0, PAGE.indexOf('## Which matter'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

const flagOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

t.test('the page of timeouts has the names and defaults that the program has', async (t) => {
  const defaults = new Map([
    ...KEYS.entries.map((entry): [string, string] => [entry.key, entry.default]),
    ...Object.entries(OPTIONS).map(([name, option]): [string, string] => [flagOf(name), option.defaultText]),
  ]);
  t.equal(ROWS.length, 13);
  for (const [, name = '', text = ''] of ROWS)
    t.equal(
      defaults
        .get(name)
        ?.replaceAll('`', '')
        .replace(/^timeout\.response$/, 'as timeout.response'),
      text,
      name,
    );
});

t.test('its codes are those of the logs, and its statuses what they are answered with', async (t) => {
  for (const [, name = '', , , answer = '', code = ''] of ROWS) {
    if (code === '') continue;
    const { status } = new ProxyError(code as ErrorCode, '');
    if (status !== 499) t.match(answer, String(status), name);
  }
});
