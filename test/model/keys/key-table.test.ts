import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { KEYS } from '../../../src/model/keys/key-table.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

t.test('every key has a name of its own, and all that the reference tells of it', async (t) => {
  const names = KEYS.entries.map(({ key }) => key);
  t.equal(new Set(names).size, names.length);
  for (const { key, value, doc, default: text } of KEYS.entries)
    t.ok(value !== '' && doc !== '' && (text !== '' || key === 'host'), key);
});

t.test('a default is read as it is written, but for words that stand for nothing', async (t) => {
  const words = ['off', 'none', 'timeout.response'];
  for (const { key, parse, show, defaultValue } of KEYS.entries) {
    if (defaultValue === undefined) continue;
    const text = show(defaultValue as never);
    if (words.includes(text) && defaultValue === 0) continue;
    t.strictSame(parse(text), defaultValue, `${key}=${text}`);
  }
});

/** The errors that the compiler finds in the model once a text in one of its files is another. */
async function errorsAfter(t: Test, file: string, before: string, after: string): Promise<string> {
  const folder = t.testdir({});
  cpSync(join(PROJECT, 'src/model'), join(folder, 'model'), { recursive: true });
  const path = join(folder, 'model', file);
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(before, after);
  t.not(changed, text, 'there is such a text');
  writeFileSync(path, changed);
  const { compilerOptions } = JSON.parse(readFileSync(join(PROJECT, 'tsconfig.json'), 'utf8'));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['model'] }));
  const compiler = join(PROJECT, 'node_modules/typescript/bin/tsc');
  // What tap adds to the environment of a child is for tests.
  return new Promise((resolve) =>
    execFile('env', ['-i', process.execPath, compiler, '-p', folder], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    ),
  );
}

t.test('a copy of the model compiles as it is', async (t) => {
  t.equal(await errorsAfter(t, 'keys/key-table.ts', 'The one table', 'The only table'), '');
});

t.test('a field of a service without a key does not compile', async (t) => {
  const field = 'readonly hedge:';
  t.match(
    await errorsAfter(t, 'service.ts', field, `readonly zeal?: number;\n  ${field}`),
    "'zeal' is missing",
  );
});

t.test('nor does a part of a policy', async (t) => {
  const field = 'readonly maxPercent: number;';
  const errors = await errorsAfter(t, 'service.ts', field, `${field}\n  readonly zeal?: number;`);
  t.match(errors, /keys\/failure-keys\.ts.*\n?.*'zeal' is missing/);
});

t.test('nor does a setting whose key was left out', async (t) => {
  const errors = await errorsAfter(t, 'keys/key-table.ts', '...HEALTH_KEYS, ', '');
  t.match(errors, "'health' is missing");
  const key = "durationMs: {\n      key: 'eject.duration',";
  t.match(
    await errorsAfter(t, 'keys/failure-keys.ts', key, key.replace('durationMs', 'duration')),
    "'duration' does not exist",
  );
});

t.test('nor does a key whose values are not those of its field', async (t) => {
  const errors = await errorsAfter(
    t,
    'keys/failure-keys.ts',
    "key: 'hedge',\n    ...choice('hang', 'off')",
    "key: 'hedge',\n    ...choice('hang', 'of')",
  );
  t.match(errors, /"of" \| "hang"|"hang" \| "of"/);
});
