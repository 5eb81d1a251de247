import type { RequestCase } from '../case.ts';
import { explanation } from './explanations.ts';
import { type Observation, printable } from './observe.ts';

export interface Contender {
  readonly name: string;
  readonly version: string;
  /** In the order of the cases. */
  readonly found: readonly Observation[];
}

export const UNEXPLAINED = 'nobody has looked into';

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const cell = (text: string) => printable(text).replaceAll('|', '\\|').replaceAll('\\x', '\\\\x');

/** The page of the comparison: the first contender is Fairlead. */
export function conformancePage(cases: readonly RequestCase[], contenders: readonly Contender[]): string {
  const topics = [...Map.groupBy(cases.keys(), (i) => cases[i]?.topic ?? '')];
  return `${[
    ...introduction(cases.length, contenders),
    '## How many cases of each topic end as they ask for',
    '',
    row(['topic', 'rule', 'cases', ...contenders.map(({ name }) => name)]),
    row(['---', '---', ...['', ...contenders].map(() => '---:')]),
    ...topics.map(([topic, at]) =>
      row([
        topic,
        cases[at[0] ?? 0]?.rule ?? '',
        at.length,
        ...contenders.map(({ found }) => at.filter((i) => found[i]?.isSame).length),
      ]),
    ),
    row([
      'all',
      '',
      cases.length,
      ...contenders.map(({ found }) => found.filter(({ isSame }) => isSame).length),
    ]),
    '',
    '## Where another proxy differs, and why',
    '',
    'A blank cell is no difference. `400` and the like: refused with that status, nothing of it reaches the origin.',
    '',
    ...topics.flatMap(([topic, at]) => differences(topic, at, cases, contenders.slice(1))),
  ].join('\n')}\n`;
}

function introduction(count: number, contenders: readonly Contender[]): string[] {
  const peers = contenders.slice(1).map(({ name, version }) => `${name} ${version}`);
  return [
    '# Conformance',
    '',
    `The ${count} requests of \`test/conformance/http1/cases\`, in one piece each, through Fairlead and through ${list(peers)}`,
    'as they are packaged, to a strict `node:http` origin behind a relay that sees each byte. This page is written by',
    '`npm run conformance -- --against nginx,haproxy,caddy`; the other proxies have the smallest configuration that leads',
    'one port to another over HTTP/1.1 (`test/conformance/http1/against/peers.ts`).',
    '',
    'A case asks for a rule of RFC 9110, 9112 or 3986, or for the safe choice where they leave one. It ends as it asks for',
    'when the same whole requests, with the same bodies and the same headers of the client, reach the origin, and what it',
    'refuses is answered with an error or a close and does not reach the origin. Which error it is does not count. To',
    'differ is not always to be wrong: what is lenient for one server is dangerous only in front of another that reads it',
    'differently, which is what a proxy cannot know.',
    '',
  ];
}

const list = (names: readonly string[]) => names.join(', ').replace(/, ([^,]*)$/, ' and $1');

function differences(
  topic: string,
  at: readonly number[],
  cases: readonly RequestCase[],
  peers: readonly Contender[],
): string[] {
  const differing = at.filter((i) => peers.some(({ found }) => !found[i]?.isSame));
  if (differing.length === 0) return [];
  const who = peers.filter(({ found }) => at.some((i) => !found[i]?.isSame));
  const outcome = (i: number) =>
    [
      asked(cases[i] as RequestCase),
      ...peers.map(({ found }) => (found[i]?.isSame === true ? '' : cell(found[i]?.text ?? ''))),
    ].join(' | ');
  // Cases that end alike share a row.
  const rows = [...Map.groupBy(differing, outcome)];
  return [
    `### ${topic[0]?.toUpperCase()}${topic.slice(1)}`,
    '',
    ...who.map(
      ({ name }) => `- **${name}** ${explanation(topic, name) ?? `differs in ways that ${UNEXPLAINED}.`}`,
    ),
    '',
    row(['case', 'asks for', ...peers.map(({ name }) => name)]),
    row(['---', '---', ...peers.map(() => '---')]),
    ...rows.map(([ending, same]) => row([same.map((i) => cell(cases[i]?.name ?? '')).join('<br>'), ending])),
    '',
  ];
}

function asked({ verdict }: RequestCase): string {
  const { forwarded, end } = verdict;
  const after = typeof end === 'number' ? `${end}` : end === 'waits' ? 'more' : '';
  const first =
    forwarded.length === 0 ? '' : forwarded.length === 1 ? 'forward' : `forward ${forwarded.length}`;
  return [first, after].filter((part) => part !== '').join(', then ');
}
