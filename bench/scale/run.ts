// npm run bench:scale: what 10,000 routes over 1,000 services and 5,000 containers cost.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writePerformancePage } from '../../docs/performance.ts';
import { App } from '../../src/app.ts';
import { parseConfigFile } from '../../src/config/config-yaml.ts';
import { loadOptions } from '../../src/config/load.ts';
import { RouteTable } from '../../src/data/routing/table.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { thisMachine, today, writeResults } from '../results.ts';
import { measureLatency } from './load.ts';
import type { ScaleResults } from './results.ts';
import { CONTAINERS, HOSTS_EACH, hostOf, SERVICES } from './shape.ts';

const CHANGES = 20;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const folder = mkdtempSync(join(tmpdir(), 'fairlead-scale-'));
const socket = join(folder, 'engine.sock');
const fleet = fork(fileURLToPath(new URL('fleet.ts', import.meta.url)), [socket]);
try {
  await new Promise((resolve) => fleet.once('message', resolve));
  const results = await run();
  console.log(results);
  if (process.argv.includes('--write')) {
    writeResults('scale', results);
    writePerformancePage();
  }
} finally {
  fleet.kill();
  rmSync(folder, { recursive: true });
}
process.exit();

async function run(): Promise<ScaleResults> {
  const matchNs = [timeMatch(1, 1), timeMatch(SERVICES, HOSTS_EACH)] as const;
  const args = ['--http', '127.0.0.1:0', '--admin', 'off', '--docker', `unix://${socket}`];
  const { options, file } = loadOptions({
    args,
    env: {},
    readFile: () => undefined,
    parseFile: parseConfigFile,
  });
  const app = new App({ options, file, log: silentLog() });
  const startedAt = performance.now();
  await app.start();
  const opening = app.open();
  await until(() => count(app) === CONTAINERS);
  const listedMs = performance.now() - startedAt;
  console.log(`listed after ${listedMs.toFixed(0)} ms`);
  await until(() => [...app.snapshot.health.values()].every(({ flags }) => flags.length === 0));
  const healthyMs = performance.now() - startedAt;
  console.log(`healthy after ${healthyMs.toFixed(0)} ms`);
  const { listeners } = await opening;
  const port = listeners[0]?.address.port ?? 0;
  console.log(`open after ${(performance.now() - startedAt).toFixed(0)} ms`);
  await sleep(6_000);
  const checksPercent = await checksShare();
  const { changeMs, blockedMs } = await timeChanges(app, fleet);
  const quiet = await measureLatency(port, hostOf(1, 0));
  const timer = setInterval(() => fleet.send(count(app) === CONTAINERS ? 'stop' : 'start'), 500);
  const changing = await measureLatency(port, hostOf(1, 0));
  clearInterval(timer);
  const memoryMb = process.memoryUsage().rss / 1e6;
  await app.stop();
  const p99Ms = [quiet, changing] as const;
  const measured = { matchNs, listedMs, healthyMs, changeMs, blockedMs, p99Ms, checksPercent, memoryMb };
  return { date: today(), machine: thisMachine(), ...measured };
}

function count(app: App): number {
  return app.snapshot.health.size;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

/** Nanoseconds of a match, the hosts by turns. */
function timeMatch(services: number, hostsEach: number): number {
  const routes = Array.from({ length: services * hostsEach }, (_, i) => {
    const [service, k] = [i % services, Math.floor(i / services)];
    return { host: hostOf(service, k), path: '/', priority: 0, stripPrefix: false, service: `s${service}` };
  });
  const table = new RouteTable(routes, (name) => name);
  const times: number[] = [];
  for (let round = 0; round < 15; round++) {
    const start = performance.now();
    for (let i = 0; i < 200_000; i++) {
      const { host } = routes[(i * 7_919) % routes.length] as (typeof routes)[number];
      table.match(host, '/products/chairs');
    }
    times.push(((performance.now() - start) / 200_000) * 1e6);
  }
  return median(times);
}

/** What the process does while nobody asks for anything: probes. */
async function checksShare(): Promise<number> {
  const before = process.cpuUsage();
  const since = performance.now();
  await sleep(15_000);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1_000 / (performance.now() - since)) * 100;
}

/** A container leaves and comes back, again and again. */
async function timeChanges(app: App, engine: ChildProcess): Promise<{ changeMs: number; blockedMs: number }> {
  const changes: number[] = [];
  const blocks: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const wanted = i % 2 === 0 ? CONTAINERS - 1 : CONTAINERS;
    const watch = watchLoop();
    const start = performance.now();
    engine.send(i % 2 === 0 ? 'stop' : 'start');
    await until(() => count(app) === wanted);
    changes.push(performance.now() - start);
    await sleep(20);
    blocks.push(watch());
    // The event is followed by a second look.
    await sleep(1_000);
  }
  return { changeMs: median(changes), blockedMs: median(blocks) };
}

/** Watches how long a turn of the loop takes; the answer ends that and says what the longest was, in milliseconds. */
function watchLoop(): () => number {
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    isOver = true;
    return longest;
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
