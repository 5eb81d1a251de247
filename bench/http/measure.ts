import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case } from './cases.ts';
import type { Contender } from './contender.ts';
import { load } from './load/load.ts';
import { PROXY_PORT } from './ports.ts';
import { cpuMicroseconds, listening, memoryBytes, stop } from './process.ts';
import type { Row } from './results.ts';
import { makeTlsFiles } from './tls-files.ts';

export interface Rounds {
  readonly rounds: number;
  /** Of one measurement. */
  readonly seconds: number;
  /** Held (flock) during each measurement, on a machine that is shared. */
  readonly lock?: string;
}

/** Time for compilers and pools to warm up before the measurement, in seconds. */
const WARM_UP = 2;

/** One case through every proxy, in turns, so that a noisy moment does not fall on one alone. */
export async function compare(one: Case, contenders: readonly Contender[], how: Rounds): Promise<Row[]> {
  const able = contenders.filter(({ cannot }) => !cannot?.includes(one.name));
  const measured = new Map<string, Row[]>(able.map(({ name }) => [name, []]));
  for (let round = 0; round < how.rounds; round++) {
    for (const contender of able) {
      const unlock = how.lock === undefined ? undefined : await hold(how.lock);
      try {
        measured.get(contender.name)?.push(await measure(contender, one, how.seconds));
      } catch (error) {
        console.error(`${contender.name}, ${one.name}: ${error}`);
      } finally {
        unlock?.();
      }
    }
  }
  return [...measured.values()].filter((rows) => rows.length > 0).map(medianRow);
}

async function measure(contender: Contender, one: Case, seconds: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const tls = one.isTls === true ? makeTlsFiles(folder) : undefined;
  const child = contender.start({ folder, isLogged: one.isLogged === true, tls });
  try {
    await listening(PROXY_PORT, child).catch((error) => {
      throw new Error(`${error.message}\n${readFileSync(join(folder, 'stderr'), 'utf8').slice(-2_000)}`);
    });
    await load(one, WARM_UP);
    const pid = child.pid ?? 0;
    const before = cpuMicroseconds(pid);
    const { requests, seconds: took, ...seen } = await load(one, seconds);
    const cpu = (cpuMicroseconds(pid) - before) / requests;
    return {
      proxy: contender.name,
      requestsPerSecond: requests / took,
      cpu,
      memory: memoryBytes(pid),
      ...seen,
    };
  } finally {
    await stop(child);
    rmSync(folder, { recursive: true });
  }
}

/** Each figure's median of the rounds, but for errors, of which every one counts. */
function medianRow(rows: readonly Row[]): Row {
  const of = (key: Exclude<keyof Row, 'proxy'>) => median(rows.map((row) => row[key]));
  return {
    proxy: rows[0]?.proxy ?? '',
    requestsPerSecond: of('requestsPerSecond'),
    p50: of('p50'),
    p99: of('p99'),
    p999: of('p999'),
    cpu: of('cpu'),
    memory: of('memory'),
    errors: rows.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Waits until nobody else holds the file's lock; the answer lets go of it. */
async function hold(file: string): Promise<() => void> {
  const holder: ChildProcess = spawn('flock', ['-x', file, 'sh', '-c', 'echo; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout?.once('data', resolve));
  return () => holder.stdin?.end();
}
