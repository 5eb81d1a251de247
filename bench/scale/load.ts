import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const RATE = 500;
const SECONDS = 8;

/** The 99th percentile of requests at a steady rate, in milliseconds, by a process of its own. */
export function measureLatency(port: number, host: string): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), [String(port), host]);
  return new Promise((resolve) => child.once('message', (p99) => resolve(p99 as number)));
}

/** Open loop: each request is due at its own time, on one of some connections, whatever became of the others. */
async function generate(port: number, host: string): Promise<number> {
  const latencies: number[] = [];
  const text = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const clients = Array.from({ length: 32 }, () => {
    const due: number[] = [];
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('data', () => latencies.push(performance.now() - (due.shift() ?? Number.NaN)));
    return { socket, due };
  });
  const start = performance.now();
  for (let i = 0; i < RATE * SECONDS; i++) {
    const at = start + (i * 1_000) / RATE;
    const wait = at - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    const { socket, due } = clients[i % clients.length] as (typeof clients)[number];
    due.push(at);
    socket.write(text);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const sorted = latencies.sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

if (import.meta.main) {
  process.send?.(await generate(Number(process.argv[2]), process.argv[3] ?? ''));
  process.exit();
}
