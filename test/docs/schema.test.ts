import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import t from 'tap';
import { parse, stringify } from 'yaml';
import { configurationSchema, groupSchema, schemaText } from '../../docs/schema.ts';
import { isComposeFile } from '../../src/control/discovery/file/compose.ts';
import { parseServicesFile } from '../../src/control/discovery/file/services-file.ts';
import { KeyTree } from '../../src/model/keys/key-tree.ts';
import { text as textKind } from '../../src/model/keys/kinds.ts';
import { loadFile, mistakes } from '../support/load-options.ts';
import { parsePage } from './page.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(configurationSchema());

/** What the schema has against a text; empty where it fits. */
function schemaErrors(text: string): string[] {
  if (validate(parse(text, { merge: true }))) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** What `fairlead check` calls an error. */
function checkErrors(text: string): string[] {
  const { services, problems } = parseServicesFile('fairlead.yaml', text, 0);
  const all = [...problems, ...services.flatMap((service) => service.problems)];
  const wrong = all.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  // A token may come from elsewhere.
  return [...wrong, ...mistakes(loadFile(text)).filter((mistake) => !mistake.startsWith('admin: '))];
}

t.test('the schema is what the tables say', async (t) => {
  t.equal(read('config/fairlead.schema.json'), schemaText(), 'npm run docs writes it');
});

t.test(
  'every configuration on a page, and the example, is good for the schema as it is for check',
  async (t) => {
    const pages = globSync(['README.md', 'docs/*.md', 'docs/recipes/*.md'], { cwd: PROJECT });
    const blocks = pages.flatMap((page) =>
      parsePage(read(page)).blocks.flatMap(({ language, text, line }) =>
        language === 'yaml' ? [{ name: `${page}:${line}`, text }] : [],
      ),
    );
    const ours = blocks.filter(({ text }) => !isComposeFile(text) && checkErrors(text).length === 0);
    t.ok(ours.length >= 3, 'there are some');
    for (const { name, text } of [
      ...ours,
      { name: 'the example', text: read('config/fairlead.example.yaml') },
    ])
      t.same(schemaErrors(text), [], name);
  },
);

/** Values of the keys, good ones and bad ones, that the cases of labels have. */
function labelValues(): [key: string, value: string][] {
  const folder = 'test/fixtures/labels';
  const cases = readdirSync(join(PROJECT, folder)).map(
    (file) => read(`${folder}/${file}`).split('----')[0] ?? '',
  );
  return cases.flatMap((text) =>
    [...text.matchAll(/^fairlead\.(?:services\.[^.=]*\.)?([^=\s]+)=(.*)$/gm)].map(
      ([, key = '', value = '']): [string, string] => [key, value],
    ),
  );
}

/** Written as text, which is no number and no switch, and plain as people write it, if that is YAML. */
function written(key: string, value: string): string[] {
  const host = key === 'host' ? {} : { host: 'shop.localhost' };
  const quoted = stringify({ services: { shop: { ...host, [key]: value } } });
  const plain = `services:\n  shop:\n    ${key === 'host' ? '' : 'host: shop.localhost\n    '}${key}: ${value}\n`;
  try {
    return typeof parse(plain).services.shop[key] === 'object' ? [quoted] : [quoted, plain];
  } catch {
    return [quoted];
  }
}

t.test('the schema takes every value of a key that check takes', async (t) => {
  const values = labelValues().flatMap(([key, value]) => written(key, value));
  for (const text of values.filter((text) => checkErrors(text).length === 0))
    t.same(schemaErrors(text), [], text);
});

/** What a schema does not say: bounds of durations, of numbers in quotes and of ranges, the order of a list, and which headers may be set. */
const BEYOND =
  /wants (?:a duration of|at least 100ms|a whole number from|no words in braces)|says more after a status|299-200|365d and subdomains|cannot be set/;

t.test('the schema refuses what check refuses, but for bounds that it cannot express', async (t) => {
  let refused = 0;
  for (const text of labelValues().flatMap(([key, value]) => written(key, value))) {
    const wrong = checkErrors(text);
    if (wrong.length === 0 || wrong.every((message) => BEYOND.test(message))) continue;
    refused++;
    t.not(schemaErrors(text).length, 0, `${text}${wrong}`);
  }
  t.ok(refused > 100);
});

t.test('the schema knows every option and every key, and nothing else', async (t) => {
  const good = {
    'access-log': 'json',
    http: [':80', ':81'],
    docker: false,
    services: { a: { host: 'a.org' } },
  };
  t.same(schemaErrors(stringify(good)), []);
  for (const text of ['acess-log: json', 'access-log: xml', 'grace: 10', 'workers: many', 'services: [a]'])
    t.ok(schemaErrors(text).length > 0 && checkErrors(text).length > 0, text);
  for (const body of [
    'hots: a.org',
    'port: 80',
    'path: /api',
    'health: { path: /, ris: 2 }',
    'backends: a:80',
  ]) {
    const text = `services: { shop: { ${body} } }`;
    t.ok(schemaErrors(text).length > 0 && checkErrors(text).length > 0, text);
  }
  const merged =
    'services: { a: &a { host: a.org, health: { path: /, rise: 3 } }, b: { <<: *a, host: b.org } }';
  t.same([schemaErrors(merged), checkErrors(merged)], [[], []]);
  const backends =
    'services: { shop: { host: a.org, backends: [http://a, { url: http://b, weight: 3, backup: yes }] } }';
  t.same([schemaErrors(backends), checkErrors(backends)], [[], []]);
});

t.test('the keys of a family have any name, in one piece and nested', async (t) => {
  const request = {
    key: 'headers.request.NAME',
    ...textKind('NAME', String),
    parseName: String,
    doc: 'A header',
  };
  const { entries } = new KeyTree<{ headers?: { request?: Record<string, string> } }>(
    { headers: { request } },
    {},
  );
  const definitions = { 'headers.request.NAME': { type: 'string' }, backends: {} };
  const fits = new Ajv().compile({ ...groupSchema(entries, ''), definitions });
  t.ok(fits({ 'headers.request.x-a': 'b' }));
  t.ok(fits({ headers: { 'request.x-a': 'b', request: { 'x-b': 'c' } } }));
  t.notOk(fits({ 'headers.request.x-a': 1 }));
  t.notOk(fits({ 'headers.respons.x-a': 'b' }));
  t.notOk(fits({ headers: { request: 'x-a' } }));
});
