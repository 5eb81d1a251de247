// npm run bench: the CPU per request of Fairlead beside its peers, on the same work and machine, in turns.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writePerformancePage } from '../../docs/performance.ts';
import { caseTable } from '../report/http.ts';
import { readResults, thisMachine, today, writeResults } from '../results.ts';
import { startBackends } from './backends.ts';
import { CASES } from './cases.ts';
import type { Contender } from './contender.ts';
import { CONTENDERS } from './contenders.ts';
import { GENERATOR } from './load/load.ts';
import { compare, type Rounds } from './measure.ts';
import { fairleadAt } from './peers/fairlead.ts';
import { canPin, pinSelf } from './process.ts';
import type { CaseResult, HttpResults } from './results.ts';

const HELP = `npm run bench -- [OPTIONS]      about 18 minutes; with --quick 4
  --duration SECONDS   of one measurement, whole ones (3)
  --rounds N           of which the median counts (3)
  --cases NAME,…       parts of their names: ${CASES.map(({ name }) => name.replace(',', '')).join(', ')}
  --against NAME,…     parts of the names of proxies (all that are installed)
  --before DIR         beside the project of another checkout, too
  --quick              one round of 1 s
  --write              keep the figures in bench/results and write docs/performance.md, as a whole run does
  --lock FILE          hold the lock of FILE (flock) during each measurement, on a shared machine
`;

const { values } = parseArgs({
  options: {
    duration: { type: 'string' },
    rounds: { type: 'string' },
    cases: { type: 'string', default: '' },
    against: { type: 'string', default: '' },
    before: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    lock: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else await run();

async function run(): Promise<void> {
  const how: Rounds = {
    seconds: Number(values.duration ?? (values.quick ? 1 : 3)),
    rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
    ...(values.lock !== undefined && { lock: values.lock }),
  };
  const cases = CASES.filter(({ name }) => isNamed(name.replace(',', ''), values.cases));
  const installed = CONTENDERS.map((contender) => ({ contender, version: contender.version() })).filter(
    ({ contender, version }) =>
      version !== undefined && (contender === CONTENDERS[0] || isNamed(contender.name, values.against)),
  );
  const versions = Object.fromEntries(installed.map(({ contender, version }) => [contender.name, version]));
  const contenders: Contender[] = installed.map(({ contender }) => contender);
  // Next to each other, so that both meet the same moments.
  if (values.before !== undefined)
    contenders.splice(1, 0, fairleadAt('Fairlead before', resolve(values.before, 'src/main.ts')));
  const isWhole =
    !values.quick && values.cases === '' && values.against === '' && values.before === undefined;
  const isWritten = values.write || isWhole;
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  pinSelf();
  const backends = await startBackends(folder);
  const setup = { machine: thisMachine(), generator: GENERATOR, backend: backends.name };
  console.log(`${describe(setup.machine)}; load by ${GENERATOR}, backend ${backends.name}`);
  if (!canPin)
    console.log('proxies and load share all cores: without taskset and two cores nothing is pinned');
  console.log(
    Object.entries(versions)
      .map((entry) => entry.join(' '))
      .join(', '),
  );
  console.log(`medians of ${how.rounds} rounds of ${how.seconds} s\n`);
  try {
    for (const one of cases) {
      const rows = await compare(one, contenders, how);
      const { rounds, seconds } = how;
      const result: CaseResult = { name: one.name, date: today(), rounds, seconds, rows };
      console.log(`${one.name}\n\n${caseTable(result)}\n`);
      if (isWritten) keep({ ...setup, versions: versions as HttpResults['versions'], cases: [result] });
    }
  } finally {
    await backends.stop();
    rmSync(folder, { recursive: true });
  }
  if (isWritten) writePerformancePage();
}

function isNamed(name: string, list: string): boolean {
  return list.split(',').some((part) => name.toLowerCase().includes(part.trim().toLowerCase()));
}

function describe({ cpu, cores, memoryGb, kernel, node }: HttpResults['machine']): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}, Node.js ${node}`;
}

/** Keeps what was measured now beside the cases that were measured before. */
function keep(results: HttpResults): void {
  const before = readResults<HttpResults>('http');
  const now = new Map([...(before?.cases ?? []), ...results.cases].map((one) => [one.name, one]));
  const cases = CASES.flatMap(({ name }) => now.get(name) ?? []);
  writeResults('http', { ...results, versions: { ...before?.versions, ...results.versions }, cases });
}
