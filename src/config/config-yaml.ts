import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml';
import { suggestion } from '../nearest.ts';
import { parseYaml, type YamlText } from '../yaml-text.ts';
import { type ConfigError, KEY_OF_NAME, type Settings } from './setting.ts';

/** Parses the options of a configuration file. Its `services:` are left to the file source. */
export function parseConfigFile(path: string, text: string, errors: ConfigError[]): Settings {
  return readConfig(path, parseYaml(text), errors);
}

/** The same for YAML that was parsed already. */
export function readConfig(path: string, { document, lines }: YamlText, errors: ConfigError[]): Settings {
  const origin = 'configuration';
  const at = (offset: number | undefined) => `${path}:${lines.linePos(offset ?? 0).line}`;
  for (const error of document.errors)
    errors.push({ where: at(error.pos[0]), origin, message: error.message.split('\n')[0] ?? '' });
  const { contents } = document;
  if (document.errors.length > 0 || contents === null) return {};
  // A file with `---` alone is empty, too.
  if (isScalar(contents) && contents.value === null) return {};
  if (!isMap(contents)) {
    errors.push({ where: at(0), origin, message: 'must be a map of options' });
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
      errors.push({ where, origin, message: `${name} is not an option${meant}` });
    } else {
      const text = settingText(value, document);
      if (text === undefined)
        errors.push({ where, origin, message: `${name} wants a single value or a list of them` });
      else settings[option] = { text, where, origin };
    }
  }
  return settings;
}

/** A single value, or a list of them joined by commas. Lists within lists are refused: by an alias they may be endless. */
function settingText(node: unknown, document: Document): string | undefined {
  const resolve = (one: unknown) => (isAlias(one) ? one.resolve(document) : one);
  const value = resolve(node);
  if (!isSeq(value)) return scalarText(value);
  const items = value.items.map((item) => scalarText(resolve(item)));
  return items.every((item) => item !== undefined) ? items.join(',') : undefined;
}

function scalarText(node: unknown): string | undefined {
  // `source` is the text as written, which YAML might read as a number or a boolean: `1_000`, `8080`, `off`.
  return isScalar(node) && node.value !== null ? (node.source ?? String(node.value)) : undefined;
}
