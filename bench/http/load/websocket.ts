import { WebSocket } from 'ws';
import { type Case, MESSAGE_BYTES } from '../cases.ts';
import { PROXY_PORT } from '../ports.ts';
import type { LoadResult } from './load.ts';

/** Each connection sends a message, waits for its echo, and sends the next. */
export async function echoLoad(one: Case, seconds: number): Promise<LoadResult> {
  const message = Buffer.alloc(MESSAGE_BYTES, 'x');
  const latencies: number[] = [];
  let errors = 0;
  let isOver = false;
  const sockets = await Promise.all(Array.from({ length: one.connections }, () => open(one.path)));
  const startedAt = performance.now();
  for (const socket of sockets) {
    let sentAt = performance.now();
    socket.on('error', () => errors++);
    socket.on('message', (data: Buffer) => {
      if (isOver) return;
      const now = performance.now();
      latencies.push(now - sentAt);
      if (data.length !== message.length) errors++;
      sentAt = now;
      socket.send(message);
    });
    socket.send(message);
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  isOver = true;
  const elapsed = (performance.now() - startedAt) / 1_000;
  for (const socket of sockets) socket.terminate();
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { requests: sorted.length, seconds: elapsed, errors, p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

function open(path: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${PROXY_PORT}${path}`, { perMessageDeflate: false });
    socket.once('open', () => resolve(socket)).once('error', reject);
  });
}
