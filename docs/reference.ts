// Writes reference.md beside it, of the tables that the program itself reads:  npm run docs
import { writeFileSync } from 'node:fs';
import { optionsReference } from '../src/config/help.ts';
import { LABEL_LIMITS, LIMITS_TEXT } from '../src/control/discovery/labels/limits.ts';
import { SCOPES } from '../src/model/keys/draft.ts';
import { KEYS } from '../src/model/keys/key-table.ts';
import { MAX_ITEMS } from '../src/model/parse-values.ts';
import { grouped } from '../src/model/text.ts';

/** The reference page. */
export function referencePage(): string {
  return [
    '# Reference',
    '',
    'This page is made by `npm run docs` of the tables that the program reads.',
    '',
    '## Labels',
    '',
    'On containers with the prefix `fairlead.`; in the `services:` of the configuration file without it, as',
    '`health.path: /x` or `health: { path: /x }`. `fairlead.services.NAME.KEY` are the same keys for a second, third…',
    'service of one container.',
    '',
    'What a key is about says what becomes of it where several containers say it:',
    '',
    ...Object.values(SCOPES).map(([name, merge]) => `- **${name}**: it ${merge}.`),
    '',
    '| key | about | value | default | meaning |',
    '|---|---|---|---|---|',
    ...KEYS.entries.map((entry) => {
      const [scope] = SCOPES[entry.path[0] as keyof typeof SCOPES];
      const cells = [`\`${entry.key}\``, scope, entry.value, entry.default, entry.doc];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    }),
    '',
    'In the file a service has `backends` besides: a list of `http://HOST:PORT`, or of',
    '`{ url: http://HOST:PORT, weight: 3, backup: true, max-connections: 100 }`.',
    '',
    'Durations are written `500ms`, `5s`, `1m30s`; sizes `16k`, `1MB`; statuses `200`, `200-299`, `5xx`; lists with commas.',
    '',
    '### Limits',
    '',
    'What is beyond a limit is refused with a problem that names it, and costs nothing else ([why](trust.md)).',
    '',
    '| most | |',
    '|---|---|',
    ...LIMITS_TEXT.map(([what, limit]) => `| ${what} | ${grouped(limit)} |`),
    `| items of a list that is no list of hosts, such as statuses and fallbacks | ${MAX_ITEMS} |`,
    `| problems of a container that are told one by one | ${LABEL_LIMITS.problems} |`,
    '',
    'In the file only the limit of lists holds.',
    '',
    '## Options',
    '',
    '`--config FILE` or `FAIRLEAD_CONFIG` names the configuration file; without it `fairlead.yaml` and',
    '`/etc/fairlead/fairlead.yaml` are looked for. A flag wins over a variable, a variable over the file.',
    '',
    optionsReference(),
    '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(new URL('reference.md', import.meta.url), referencePage());
