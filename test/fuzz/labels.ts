import fc from 'fast-check';
import { reportContainer } from '../../src/control/discovery/docker/claims.ts';
import { LABEL_LIMITS, readLabels } from '../../src/control/discovery/labels/limits.ts';
import { IncrementalMerge } from '../../src/control/incremental-merge.ts';
import { RouteTable } from '../../src/data/routing/table.ts';
import { systemClock } from '../../src/model/clock.ts';
import { KEYS } from '../../src/model/keys/key-table.ts';
import { formatProblem } from '../../src/model/problem.ts';
import { makeContainer } from '../support/fake-engine.ts';

/** The longest sentence about a label, in characters: whatever is repeated in it is shortened. */
const MAX_SENTENCE = 1_000;

const key = fc.oneof(
  fc.constantFrom(...KEYS.entries.map((known) => known.key)),
  fc.string({ unit: 'binary' }),
);
/**
 * What reading an input may take of the processor, in milliseconds: some fifty times what it does, and half of what a
 * quadratic step takes. Other load on the machine is no part of it.
 */
const MAX_CPU_MS = 1_000;

/** What a name or a value is made of, again and again: what makes a reader look again and again, too. */
const unit = fc.oneof(
  fc.constantFrom(
    ':',
    'a:',
    '1s',
    '1',
    '"',
    ',',
    'a,',
    '200,',
    '{status}',
    '//',
    '/..',
    '%2e',
    'ü',
    '\n',
    ' ',
  ),
  fc.constantFrom('x.', '-', 'url:http://x,', 'status:503,', 'idempotent,', 'service:', '*.', '@', '\\'),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const long = fc
  .tuple(unit, fc.constantFrom(1, 3, 50, 1_000, 30_000), fc.constantFrom('', 'x', '"', ':', '.org'))
  .map(([text, times, end]) => (text.repeat(times) + end).slice(0, 2 * LABEL_LIMITS.label));
const plain = fc.constantFrom('true', '8080', '5s', 'shop.localhost', '/api', '2xx', 'service:x', '*', '-1');
const value = fc.oneof(plain, long, fc.string({ unit: 'binary' }), fc.constantFrom(null, 7, {}, []));
const label = fc.oneof(
  key.map((name) => `fairlead.${name}`),
  fc
    .tuple(fc.oneof(fc.constantFrom('a', 'b'), long), key)
    .map(([of, name]) => `fairlead.services.${of}.${name}`),
  fc.tuple(long, key).map(([prefix, name]) => `${prefix}.${name}`),
  long,
);

/** The labels of some containers, in any shape that JSON has. */
export const hostileLabels = fc.array(fc.dictionary(label, value as fc.Arbitrary<unknown>, { maxKeys: 12 }), {
  minLength: 1,
  maxLength: 3,
});

/** What labels say goes the whole way to a table of routes, ends nothing, and what is told of them is short. */
export async function checkLabels(all: readonly Record<string, unknown>[]): Promise<void> {
  const start = process.threadCpuUsage();
  readToTable(all);
  const { user, system } = process.threadCpuUsage(start);
  const ms = (user + system) / 1_000;
  if (ms > MAX_CPU_MS) throw new Error(`${ms} ms of the processor`);
}

function readToTable(all: readonly Record<string, unknown>[]): void {
  const reports = all.map((raw, i) =>
    reportContainer(makeContainer({ id: `${i}`.padEnd(64, '0'), name: `c${i}`, ...readLabels(raw) }), {
      source: 'docker',
      reach: { kind: 'host', drivers: new Map() },
      find: () => undefined,
      stopping: new Map(),
      deaths: new Map(),
      allow: [],
    }),
  );
  const status = { name: 'docker', target: '', connected: true };
  const claims = reports.flatMap(({ services }) => services.map(({ claim }) => claim));
  const problems = reports.flatMap((report) => report.problems);
  const merged = new IncrementalMerge(systemClock).update([{ status, claims, problems }]);
  for (const problem of merged.problems) {
    const sentence = formatProblem(problem);
    if (sentence.length > MAX_SENTENCE) throw new Error(`a sentence of ${sentence.length} characters`);
  }
  const table = new RouteTable(merged.routes, (name) => name);
  table.match('shop.localhost', '/api/x');
}
