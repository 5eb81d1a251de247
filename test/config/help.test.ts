import t from 'tap';
import { optionEntries, optionOverview, optionsReference } from '../../src/config/help.ts';
import { envOf, nameOf, OPTION_KEYS, OPTIONS } from '../../src/config/options.ts';

t.test('help has an entry for every option, with its value, meaning and default, once', async (t) => {
  const entries = optionEntries().flatMap(([, group]) => group);
  t.equal(entries.length, OPTION_KEYS.length + 1);
  t.match(entries[0], ['--config FILE', /^YAML file/]);
  for (const key of OPTION_KEYS) {
    const { value, doc, defaultText } = OPTIONS[key];
    const flag = value === undefined ? `--${nameOf(key)}` : `--${nameOf(key)} ${value}`;
    const found = entries.filter(([left]) => left === flag);
    t.strictSame(found, [[flag, `${doc} (${defaultText})`]]);
  }
});

t.test('the overview names every option once, in its group', async (t) => {
  const named = optionOverview().flatMap(([, flags]) => flags.split(' '));
  t.strictSame(named.toSorted(), OPTION_KEYS.map((key) => `--${nameOf(key)}`).toSorted());
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
