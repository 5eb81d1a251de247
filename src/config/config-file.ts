import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { type ConfigError, KEY_OF_NAME, type ReadFile, type Settings } from './setting.ts';
import { suggestion } from './suggest.ts';

interface ConfigFile {
  readonly settings: Settings;
  readonly path?: string;
  readonly text?: string;
}

/**
 * The options of the file that is named, else of the first default file that there is. One that is there and cannot be read
 * is a mistake, whoever named it: what it says was meant.
 */
export function readConfigFile(
  named: string | undefined,
  defaults: readonly string[],
  readFile: ReadFile,
  errors: ConfigError[],
): ConfigFile {
  for (const path of named === undefined ? defaults : [named]) {
    const text = readFile(path);
    if (typeof text === 'string') return { settings: parseConfigFile(path, text, errors), path, text };
    if (text === undefined && named === undefined) continue;
    const why = text?.why ?? 'no such file';
    // Nobody asked for a default file by name, and may wonder what it has to do with the command.
    const cure = named === undefined ? '; --config names another one, --config /dev/null none' : '';
    errors.push({ where: path, message: `cannot be read: ${why}${cure}` });
    return { settings: {} };
  }
  return { settings: {} };
}

/** The options at the top of a configuration file. Its `services:` are the file source's. */
function parseConfigFile(path: string, text: string, errors: ConfigError[]): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number | undefined) => `${path}:${lines.linePos(offset ?? 0).line}`;
  for (const error of document.errors)
    errors.push({ where: at(error.pos[0]), message: error.message.split('\n')[0] ?? '' });
  const { contents } = document;
  if (document.errors.length > 0 || contents === null) return {};
  // `---` alone is an empty file, too.
  if (isScalar(contents) && contents.value === null) return {};
  if (!isMap(contents)) {
    errors.push({ where: at(0), message: 'must be a map of options' });
    return {};
  }
  const settings: Settings = {};
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const where = at(isScalar(key) ? key.range?.[0] : 0);
    const option = KEY_OF_NAME.get(name);
    if (name === 'services') continue;
    if (option === undefined) {
      const meant = suggestion(name, [...KEY_OF_NAME.keys(), 'services']);
      errors.push({ where, message: `${name} is not an option${meant}` });
    } else {
      const text = settingText(value, document);
      if (text === undefined)
        errors.push({ where, message: `${name} wants a single value or a list of them` });
      else settings[option] = { text, where };
    }
  }
  return settings;
}

/** A single value, or a list of them with commas. A list within a list is no value: by an alias it may be endless. */
function settingText(node: unknown, document: Document): string | undefined {
  const resolve = (one: unknown) => (isAlias(one) ? one.resolve(document) : one);
  const value = resolve(node);
  if (!isSeq(value)) return scalarText(value);
  const items = value.items.map((item) => scalarText(resolve(item)));
  return items.every((item) => item !== undefined) ? items.join(',') : undefined;
}

function scalarText(node: unknown): string | undefined {
  // The source keeps what YAML would read as a number or a boolean (`1_000`, `8080`, `off`).
  return isScalar(node) && node.value !== null ? (node.source ?? String(node.value)) : undefined;
}
