// Requests per second and CPU per request of Fairlead beside others, on the same work and machine, in turns.
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { CASES, type Case } from './cases.ts';
import { CONTENDERS, type Contender } from './contenders.ts';
import { BACKEND_PORTS, PROXY_PORT } from './ports.ts';
import { cpuMicroseconds, listening, memoryBytes, pinSelf, start, stop } from './process.ts';

interface Measured {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Of the proxy, for a request. */
  readonly cpu: number;
  readonly memory: number;
  readonly errors: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    case: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const cases = CASES.filter((one) => one.name.includes(values.case));

pinSelf();
const backend = start('backend', process.execPath, [new URL('backend.ts', import.meta.url).pathname]);
try {
  for (const port of BACKEND_PORTS) await listening(port);
  console.log(`Node.js ${process.version}, ${rounds} rounds of ${seconds} s, medians`);
  console.log(
    '| case | proxy | requests/s | p50 ms | p99 ms | CPU µs/request | memory MB | errors | CPU of Fairlead |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const one of cases) await compare(one);
} finally {
  await stop(backend);
}

/** One case through every proxy, in turns, so that a noisy moment does not fall on one alone. */
async function compare(one: Case): Promise<void> {
  const results = new Map<Contender, Measured[]>(CONTENDERS.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of CONTENDERS) results.get(contender)?.push(await measure(contender, one));
  }
  const base = median([...(results.get(CONTENDERS[0] as Contender) ?? [])].map(({ cpu }) => cpu));
  for (const [contender, measured] of results) {
    const of = (key: keyof Measured) => median(measured.map((result) => result[key]));
    const cells = [
      one.name,
      contender.name,
      of('requestsPerSecond').toFixed(0),
      of('p50').toFixed(1),
      of('p99').toFixed(1),
    ];
    cells.push(
      of('cpu').toFixed(1),
      (of('memory') / 1e6).toFixed(0),
      String(of('errors')),
      `${(base / of('cpu')).toFixed(2)} ×`,
    );
    console.log(`| ${cells.join(' | ')} |`);
  }
}

async function measure(contender: Contender, one: Case): Promise<Measured> {
  const child = contender.start();
  try {
    await listening(PROXY_PORT);
    await load(one, 1);
    const pid = child.pid ?? 0;
    const before = cpuMicroseconds(pid) ?? Number.NaN;
    const result = await load(one, seconds);
    const cpu = (cpuMicroseconds(pid) ?? Number.NaN) - before;
    return {
      requestsPerSecond: result.requests.total / result.duration,
      p50: result.latency.p50,
      p99: result.latency.p99,
      cpu: cpu / result.requests.total,
      memory: memoryBytes(pid) ?? Number.NaN,
      errors: result.errors + result.non2xx,
    };
  } finally {
    await stop(child);
  }
}

function load(one: Case, duration: number): Promise<autocannon.Result> {
  return autocannon({
    url: `http://127.0.0.1:${PROXY_PORT}${one.path}`,
    method: one.method,
    connections: one.connections,
    duration,
    ...(one.body !== undefined && { body: Buffer.alloc(one.body, 'x') }),
  });
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
