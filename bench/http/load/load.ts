import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import type { Case } from '../cases.ts';
import { PROXY_PORT } from '../ports.ts';
import { hasProgram, start } from '../process.ts';
import { loadResumed } from './resumed.ts';
import { echoLoad } from './websocket.ts';

/** What a load generator saw. Times are in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Broken or missing answers, and those that are not 2xx. */
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

const hasWrk = hasProgram('wrk');
export const GENERATOR = hasWrk ? 'wrk' : 'autocannon';

/** Asks the proxy for so many seconds, each connection again as soon as it was answered. */
export function load(one: Case, seconds: number): Promise<LoadResult> {
  if (one.isWebSocket) return echoLoad(one, seconds);
  if (one.isResumed) return loadResumed(one, seconds);
  return hasWrk ? loadByWrk(one, seconds) : loadByAutocannon(one, seconds);
}

const url = (one: Case) => `${one.isTls ? 'https' : 'http'}://127.0.0.1:${PROXY_PORT}${one.path}`;

async function loadByWrk(one: Case, seconds: number): Promise<LoadResult> {
  const script = fileURLToPath(new URL('wrk.lua', import.meta.url));
  const args = ['-t1', `-c${one.connections}`, `-d${seconds}s`, '-s', script];
  if (one.isFresh) args.push('-H', 'Connection: close');
  args.push(url(one));
  if (one.body !== undefined) args.push('--', String(one.body));
  const child = start({ role: 'load', program: 'wrk', args, stdout: 'pipe' });
  let output = '';
  child.stdout?.on('data', (data) => {
    output += data;
  });
  await new Promise((resolve) => child.once('close', resolve));
  const result = /^RESULT (.*)$/m.exec(output)?.[1];
  if (result === undefined) throw new Error(`wrk said: ${output}`);
  return JSON.parse(result);
}

async function loadByAutocannon(one: Case, seconds: number): Promise<LoadResult> {
  const { requests, duration, errors, non2xx, latency } = await autocannon({
    url: url(one),
    method: one.method,
    connections: one.connections,
    duration: seconds,
    ...(one.body !== undefined && { body: Buffer.alloc(one.body, 'x') }),
    ...(one.isFresh && { reconnectRate: 1 }),
  });
  const { p50, p99, p99_9: p999 } = latency;
  return { requests: requests.total, seconds: duration, errors: errors + non2xx, p50, p99, p999 };
}
