import t from 'tap';
import { optionsHelp, optionsReference } from '../../src/config/help.ts';
import { envOf, nameOf, OPTION_KEYS, OPTIONS } from '../../src/config/options.ts';

t.test('help has a line for every option, with its value, meaning and default', async (t) => {
  const lines = optionsHelp().split('\n');
  t.equal(lines.length, OPTION_KEYS.length + 1);
  t.match(lines[0], /^ {2}--config FILE +YAML file/);
  for (const [i, key] of OPTION_KEYS.entries()) {
    const { value, doc, defaultText } = OPTIONS[key];
    const flag = value === undefined ? `--${nameOf(key)}` : `--${nameOf(key)} ${value}`;
    const line = lines[i + 1] ?? '';
    t.ok(line.startsWith(`  ${flag} `), flag);
    t.ok(line.endsWith(` ${doc} (${defaultText})`), `the meaning of ${flag}`);
  }
});

t.test('the meanings of all options begin in the same column', async (t) => {
  const columns = optionsHelp()
    .split('\n')
    .map((line) => /^ {2}--\S+(?: \S+)? +/.exec(line)?.[0].length);
  t.equal(new Set(columns).size, 1, `columns ${columns.join()}`);
});

t.test('the reference has a row for every option, with its flag, variable and file key', async (t) => {
  const [header = '', rule = '', ...rows] = optionsReference().split('\n');
  // A bar within a cell is escaped.
  const cells = (row: string) => row.split(/(?<!\\)\|/).slice(1, -1);
  t.equal(cells(header).length, 7);
  t.match(rule, /^(\|-+){7}\|$/);
  t.equal(rows.length, OPTION_KEYS.length);
  for (const [i, key] of OPTION_KEYS.entries()) {
    const [flag, variable, name, value, text, live, doc] = cells(rows[i] ?? '').map((cell) => cell.trim());
    const expected = [`\`--${nameOf(key)}\``, `\`${envOf(key)}\``, `\`${nameOf(key)}\``];
    t.strictSame([flag, variable, name], expected);
    t.strictSame([text, doc], [OPTIONS[key].defaultText, OPTIONS[key].doc]);
    t.equal(live, OPTIONS[key].isLive ? 'yes' : 'no');
    t.equal(value?.replaceAll('\\|', '|'), OPTIONS[key].value ?? 'true|false');
  }
});
