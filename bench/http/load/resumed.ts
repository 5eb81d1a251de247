import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Case } from '../cases.ts';
import { PROXY_PORT } from '../ports.ts';
import type { LoadResult } from './load.ts';

/** Asks for so many seconds, each time on a new connection that is resumed by the ticket of the first one. */
export async function loadResumed(one: Case, seconds: number): Promise<LoadResult> {
  const request = `GET ${one.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
  const { session } = await ask(request, undefined);
  const started = performance.now();
  const until = started + seconds * 1_000;
  const times: number[] = [];
  let errors = 0;
  const run = async () => {
    while (performance.now() < until) {
      const before = performance.now();
      const { isGood } = await ask(request, session).catch(() => ({ isGood: false }));
      if (!isGood) errors++;
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: one.connections }, run));
  times.sort((a, b) => a - b);
  const share = (of: number) => times[Math.floor(times.length * of)] ?? Number.NaN;
  return {
    requests: times.length,
    seconds: (performance.now() - started) / 1_000,
    errors,
    p50: share(0.5),
    p99: share(0.99),
    p999: share(0.999),
  };
}

/** One request; good if it was answered, on a connection that was resumed if there was a ticket. */
async function ask(request: string, session: Buffer | undefined) {
  const socket: TLSSocket = connect({
    port: PROXY_PORT,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    ...(session !== undefined && { session }),
  });
  let ticket: Buffer | undefined;
  let answer = '';
  socket.on('session', (one) => {
    ticket ??= one;
  });
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.write(request);
  await once(socket, 'end');
  const isGood = answer.startsWith('HTTP/1.1 200') && (session === undefined || socket.isSessionReused());
  socket.destroy();
  return { session: ticket, isGood };
}
