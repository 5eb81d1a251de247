// Faults under load (`npm run faults`): Fairlead and other proxies in front of the same containers of a real Docker Engine.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { testAppImage } from '../../test/support/docker.ts';
import type { Contender } from './contender.ts';
import { CONTENDERS } from './contenders/all.ts';
import type { Experiment, Method } from './experiment.ts';
import { EXPERIMENTS } from './experiments/all.ts';
import { type Measured, measure } from './measure.ts';
import { type Cell, readCells, writeCells, writeReport } from './results.ts';

const { values } = parseArgs({
  options: {
    /** Numbers with commas; `E4` is `E4a` and `E4b`. All without it. */
    experiments: { type: 'string', default: '' },
    /** Names of proxies, with commas. */
    against: { type: 'string', default: CONTENDERS.map(({ name }) => name).join() },
    method: { type: 'string', default: '' },
    /** Requests in a second. */
    rate: { type: 'string', default: '1000' },
    /** Factor of the times before and after a fault. */
    duration: { type: 'string', default: '1' },
    /** A look instead of a measurement: fewer requests, shorter, nothing is written. */
    quick: { type: 'boolean', default: false },
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const words = (list: string) =>
  list
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
const chosen = words(values.experiments);

const experiments = EXPERIMENTS.filter(
  ({ id }) =>
    chosen.length === 0 ||
    chosen.includes(id.toLowerCase()) ||
    chosen.includes(`e${Number.parseInt(id.slice(1), 10)}`),
);
const contenders = CONTENDERS.filter(
  (contender) =>
    words(values.against).includes(contender.name.toLowerCase()) &&
    (contender.version() !== undefined || missing(contender)),
);
const image = await testAppImage();
const rate = values.quick ? 200 : Number(values.rate);
const pace = values.quick ? 0.5 : Number(values.duration);
const cells: Cell[] = values.quick ? [] : readCells();
for (const experiment of experiments) {
  for (const method of experiment.methods) {
    if (values.method !== '' && method !== values.method) continue;
    for (const contender of contenders) {
      if (experiment.contenders?.includes(contender.name) === false || (contender.only ?? method) !== method)
        continue;
      await runCell(experiment, method, contender).catch(({ message }) =>
        console.error(`${experiment.id} ${contender.name}: ${message}`),
      );
    }
  }
}
if (!values.quick) await writeReport(cells);

async function runCell(experiment: Experiment, method: Method, contender: Contender): Promise<void> {
  const measured = await measure(experiment, contender, method, { image, rate, pace });
  print(experiment, method, contender, measured);
  if (values.quick) return;
  const commit = execFileSync('git', ['log', '-1', '--format=%h'], { encoding: 'utf8' }).trim();
  const at = new Date().toISOString();
  const cell = { experiment: experiment.id, method, contender: contender.name, at, commit };
  const index = cells.findIndex(
    (old) => old.experiment === cell.experiment && old.method === method && old.contender === contender.name,
  );
  cells.splice(index < 0 ? cells.length : index, index < 0 ? 0 : 1, { ...cell, measured });
  writeCells(cells);
}

function print({ id, name }: Experiment, method: Method, contender: Contender, measured: Measured): void {
  const { failed, sent, kinds, twice, late, p99, slowest, ejectMs, recoverMs, notes } = measured;
  const kindText = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  const number = (value: number | undefined) => value?.toFixed(0) ?? '-';
  console.log(
    `${id} ${name}, ${method}, ${contender.name}: ${failed} of ${sent} failed (${kindText.join(', ')}); ${twice} twice; ` +
      `${late} late; p99 ${number(p99)} slowest ${number(slowest)}; out ${number(ejectMs)} back ${number(recoverMs)} ms; ${notes.join('; ')}`,
  );
}

function missing({ name }: Contender): false {
  console.log(`${name} is not installed`);
  return false;
}
