import { envOf, nameOf, OPTION_KEYS, OPTIONS } from './options.ts';

/** The options part of `--help`. */
export function optionsHelp(): string {
  const config = line(
    '--config FILE',
    'YAML file of these options and of services (fairlead.yaml, /etc/fairlead/fairlead.yaml)',
  );
  const rest = OPTION_KEYS.map((key) => {
    const { value, doc, defaultText } = OPTIONS[key];
    return line(`--${nameOf(key)}${value === undefined ? '' : ` ${value}`}`, `${doc} (${defaultText})`);
  });
  return [config, ...rest].join('\n');
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

function line(left: string, right: string): string {
  return `  ${left.padEnd(40)} ${right}`;
}
