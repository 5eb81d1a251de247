import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { Document, isSeq, visit } from 'yaml';
import { parseLabels } from '../../../../src/control/discovery/labels/parse-labels.ts';
import type { SettingProblem } from '../../../../src/control/discovery/labels/setting-problem.ts';
import { NAME } from '../../../../src/model/keys/key.ts';
import { KEYS } from '../../../../src/model/keys/key-table.ts';

/**
 * Labels in, what they mean out: each file is named by its claim and holds lines of `label=value`, a line of
 * dashes, and the expected output. `UPDATE_GOLDEN=1` rewrites the outputs; read the difference before you keep it.
 */
const FOLDER = new URL('../../../fixtures/labels/', import.meta.url);
const RULE = '----------\n';

const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.txt'))
  .map((file) => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    const [input = '', expected = ''] = text.split(RULE);
    return { file, input, expected, labels: readLines(input) };
  });

function readLines(input: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const line of input.split('\n')) {
    const equals = line.indexOf('=');
    if (equals !== -1) labels[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return labels;
}

/** Each problem as a person reads it. */
function sentence({ severity, key, message, hint }: SettingProblem): string {
  return `${severity}, ${key} ${message}${hint === undefined ? '' : ` (${hint})`}`;
}

function print(labels: Readonly<Record<string, string>>): string {
  const { isEnabled, services, problems } = parseLabels(labels);
  const printed = {
    isEnabled,
    services: services.map(({ name, draft: { container, route, backend, settings }, problems }) => ({
      name,
      ...container,
      ...route,
      ...backend,
      ...(Object.keys(settings).length > 0 && { settings }),
      ...(problems.length > 0 && { problems: problems.map(sentence) }),
    })),
    ...(problems.length > 0 && { problems: problems.map(sentence) }),
  };
  const document = new Document(printed);
  visit(document, {
    Seq(_key, node) {
      if (isSeq(node.items[0])) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

for (const { file, input, expected, labels } of cases) {
  t.test(file.replace('.txt', '').replaceAll('-', ' '), async (t) => {
    const actual = print(labels);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(new URL(file, FOLDER), input + RULE + actual);
    else t.equal(actual, expected);
  });
}

/** Whether one of the labels has the key, or one of its names. */
function isAmong(labels: ReadonlySet<string>, key: string): boolean {
  const label = `fairlead.${key}`;
  const prefix = label.slice(0, -NAME.length);
  return labels.has(label) || (key.endsWith(NAME) && [...labels].some((one) => one.startsWith(prefix)));
}

t.test('the cases show every key with a value that it takes', async (t) => {
  const fine = new Set<string>();
  for (const { labels } of cases) {
    const found = parseLabels(labels).services.flatMap((service) => service.problems);
    for (const label of Object.keys(labels)) {
      if (found.every((problem) => problem.key !== label)) fine.add(label);
    }
  }
  for (const { key } of KEYS.entries) t.ok(isAmong(fine, key), `${key} with a good value`);
});

t.test('the cases show every key that takes a value with one that it refuses', async (t) => {
  const refused = new Set<string>();
  for (const { labels } of cases) {
    for (const service of parseLabels(labels).services) {
      for (const { key } of service.problems) refused.add(key);
    }
  }
  for (const { key } of KEYS.entries) t.ok(isAmong(refused, key), key);
});
