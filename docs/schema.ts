// Writes config/fairlead.schema.json, of the tables that the program itself reads:  npm run docs
import { writeFileSync } from 'node:fs';
import { nameOf, OPTION_KEYS, OPTIONS } from '../src/config/options.ts';
import { onlyLabels } from '../src/control/discovery/file/services-file.ts';
import { KEYS } from '../src/model/keys/key-table.ts';
import type { Entry } from '../src/model/keys/key-tree.ts';
import { anyOf, type Schema, valueSchema } from './schema-values.ts';

/** The JSON schema of a configuration file, for editors. It takes what `fairlead check` takes, as far as a schema can say it. */
export function configurationSchema(): Schema {
  const keys = KEYS.entries.filter(({ key }) => onlyLabels(key) === undefined);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of Fairlead',
    type: ['object', 'null'],
    properties: {
      ...Object.fromEntries(OPTION_KEYS.map((key) => [nameOf(key), optionSchema(key)])),
      services: {
        description: 'Services that no label describes, by their names',
        type: ['object', 'null'],
        propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' },
        additionalProperties: { $ref: '#/definitions/service' },
      },
    },
    additionalProperties: false,
    definitions: {
      ...Object.fromEntries(keys.map((entry) => [entry.key, keySchema(entry)])),
      service: {
        ...groupSchema(keys, ''),
        dependencies: Object.fromEntries(needsHost(keys).map((key) => [key, ['host']])),
      },
      backends: { type: 'array', items: backendSchema() },
    },
  };
}

/** The keys of a route but for its host, without which they mean nothing. */
function needsHost(keys: readonly Entry[]): string[] {
  return keys.filter(({ key, path }) => path[0] === 'route' && key !== 'host').map(({ key }) => key);
}

function optionSchema(key: (typeof OPTION_KEYS)[number]): Schema {
  const { value = 'true|false', doc, defaultText } = OPTIONS[key];
  const schema = valueSchema(value.replace('|off', '|off|false'));
  // YAML has a word of its own for it.
  const schemas = value.endsWith('|off') ? [schema, { enum: [false] }] : [schema];
  return { description: `${doc} (${defaultText})`, ...anyOf(...schemas) };
}

function keySchema({ doc, default: text, value }: Entry): Schema {
  return { description: text === '' ? doc : `${doc} (${text})`, ...valueSchema(value) };
}

/** The keys below a prefix: `health.path: /x`, or `health: { path: /x }`. */
export function groupSchema(keys: readonly Entry[], prefix: string): Schema {
  const properties: Record<string, Schema> =
    prefix === '' ? { backends: { $ref: '#/definitions/backends' } } : {};
  const patternProperties: Record<string, Schema> = {};
  const groups = new Set<string>();
  for (const { key, parseName } of keys) {
    if (!key.startsWith(prefix)) continue;
    const rest = key.slice(prefix.length);
    if (rest.includes('.')) groups.add(rest.slice(0, rest.indexOf('.')));
    if (parseName === undefined) properties[rest] = { $ref: reference(key) };
    else
      patternProperties[`^${rest.replace(/NAME$/, '').replaceAll('.', '\\.')}.`] = { $ref: reference(key) };
  }
  for (const group of groups) {
    const own = properties[group];
    const inner = groupSchema(keys, `${prefix}${group}.`);
    properties[group] = own === undefined ? inner : anyOf(own, inner);
  }
  const families = Object.keys(patternProperties).length === 0 ? {} : { patternProperties };
  return { type: 'object', properties, ...families, additionalProperties: false };
}

/** The part of the document where the schema of a key stands. */
function reference(key: string): string {
  return `#/definitions/${key}`;
}

function backendSchema(): Schema {
  const keys = KEYS.entries.filter(({ key }) => ['weight', 'backup', 'max-connections'].includes(key));
  const url = {
    type: 'string',
    pattern: '^\\s*http://(?:\\[[\\da-fA-F:.]+\\]|[\\w.-]+)(?::\\d{1,5})?/?\\s*$',
  };
  const properties = { url, ...Object.fromEntries(keys.map((entry) => [entry.key, keySchema(entry)])) };
  return anyOf(url, { type: 'object', properties, required: ['url'], additionalProperties: false });
}

/** The file. */
export function schemaText(): string {
  return `${JSON.stringify(configurationSchema(), undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(new URL('../config/fairlead.schema.json', import.meta.url), schemaText());
