import { optionGroups } from './option-groups.ts';
import { envOf, nameOf, OPTION_KEYS, OPTIONS, type OptionKey } from './options.ts';

/** An option as help shows it, and its meaning. */
export type Entry = readonly [left: string, right: string];

export const CONFIG_OPTION = {
  value: 'FILE',
  doc: 'YAML file of these options and of services (fairlead.yaml, /etc/fairlead/fairlead.yaml)',
};

/** `--access-log off|json|clf` and its meaning with the default. */
export function optionEntry(key: OptionKey): Entry {
  const { value, doc, defaultText } = OPTIONS[key];
  return [flagEntry(nameOf(key), value), `${doc} (${defaultText})`];
}

/** `--config FILE` and its meaning. */
export function configEntry(): Entry {
  return [flagEntry('config', CONFIG_OPTION.value), CONFIG_OPTION.doc];
}

/** `--name VALUE`, or `--name` alone for a switch. */
export function flagEntry(name: string, value: string | undefined): string {
  return `--${name}${value === undefined ? '' : ` ${value}`}`;
}

/** All options with their meanings, by group. */
export function optionEntries(): [title: string, entries: readonly Entry[]][] {
  const groups = optionGroups().map(([group, keys]): [string, Entry[]] => [group, keys.map(optionEntry)]);
  return [['File', [configEntry()]], ...groups];
}

/** The flags without their meanings, by group: for people who look for the name of one. */
export function optionOverview(): Entry[] {
  return optionGroups().map(([group, keys]) => [group, keys.map((key) => `--${nameOf(key)}`).join(' ')]);
}

/** The options as a Markdown table, for the reference page. */
export function optionsReference(): string {
  const rows = OPTION_KEYS.map((key) => {
    const { value, doc, defaultText, isLive } = OPTIONS[key];
    const name = nameOf(key);
    const shown = (value ?? 'true|false').replaceAll('|', '\\|');
    return `| \`--${name}\` | \`${envOf(key)}\` | \`${name}\` | ${shown} | ${defaultText} | ${isLive ? 'yes' : 'no'} | ${doc} |`;
  });
  return [
    '| flag | variable | file key | value | default | changes while running | meaning |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
