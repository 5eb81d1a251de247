// What the steps of a request cost, and what of it is strictness: npm run bench:micro [-- --only NAME]
// With --before DIR, another tree of the project, also what a small GET costs the whole proxy, then and now.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startBackends } from '../http/backends.ts';
import { CASES } from '../http/cases.ts';
import { compare } from '../http/measure.ts';
import { fairlead, fairleadAt } from '../http/peers/fairlead.ts';
import { pinSelf } from '../http/process.ts';
import { measure } from './bench.ts';
import { GROUPS } from './groups.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    before: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    lock: { type: 'string' },
  },
});

console.log('| step | way | ns | compared |\n|---|---|---|---|');
for (const group of GROUPS.filter(({ name }) => name.includes(values.only))) {
  const times = measure(group);
  const [own = Number.NaN] = times.values();
  for (const [way, ns] of times)
    console.log(`| ${group.name} | ${way} | ${ns.toFixed(0)} | ${(ns / own).toFixed(2)} × |`);
}
if (values.before.length > 0) await compareProxies(values.before);

/** The whole proxy of this tree and of others, in turns. */
async function compareProxies(trees: readonly string[]): Promise<void> {
  const [small] = CASES;
  if (small === undefined) return;
  pinSelf();
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const backends = await startBackends(folder);
  try {
    const contenders = [fairlead, ...trees.map((tree) => fairleadAt(tree, resolve(tree, 'src/main.ts')))];
    const how = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
    const rows = await compare(
      small,
      contenders,
      values.lock === undefined ? how : { ...how, lock: values.lock },
    );
    console.log(`\n| ${small.name} | CPU µs/request | requests/s | of this tree |\n|---|---|---|---|`);
    for (const { proxy, cpu, requestsPerSecond } of rows) {
      const compared = (cpu / (rows[0]?.cpu ?? Number.NaN)).toFixed(3);
      console.log(`| ${proxy} | ${cpu.toFixed(2)} | ${requestsPerSecond.toFixed(0)} | ${compared} × |`);
    }
  } finally {
    await backends.stop();
    rmSync(folder, { recursive: true });
  }
}
