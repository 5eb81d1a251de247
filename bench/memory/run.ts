// npm run bench:memory: what idle connections cost, and whether anything grows with the requests.
// --requests N (a million; ten million take five minutes)  --write
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writePerformancePage } from '../../docs/performance.ts';
import { startBackends } from '../http/backends.ts';
import { fairlead } from '../http/peers/fairlead.ts';
import { PROXY_PORT } from '../http/ports.ts';
import { listening, memoryBytes, pinSelf, start, stop } from '../http/process.ts';
import { thisMachine, today, writeResults } from '../results.ts';
import { collectable, heapAfterCollection } from './collect.ts';
import { growthOf } from './growth.ts';
import type { MemoryResults } from './results.ts';

/** Within the limit of descriptors that is usual, with room for the connections to backends. */
const CONNECTIONS = 9_000;
/**
 * V8's young generation grows by some 20 MB when so many objects stay, whether they are connections or not, and once. At
 * its least size it does not.
 */
const FIXED_YOUNG = '--max-semi-space-size=1';
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    write: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'fairlead-memory-'));
pinSelf();
const backends = await startBackends(folder);
try {
  const perConnection = await idleCost(startFairlead(FIXED_YOUNG));
  const perBareConnection = await idleCost(startBare(FIXED_YOUNG));
  const perConnectionAtFirst = await idleCost(startFairlead());
  console.log(
    `an idle connection: ${perConnection.toFixed(0)} bytes, bare ${perBareConnection.toFixed(0)}; in a fresh process ${perConnectionAtFirst.toFixed(0)}`,
  );
  const growth = await growthOf(folder, Number(values.requests));
  const cost = { connections: CONNECTIONS, perConnection, perBareConnection, perConnectionAtFirst };
  const results: MemoryResults = { date: today(), machine: thisMachine(), ...cost, ...growth };
  if (values.write) {
    writeResults('memory', results);
    writePerformancePage();
  }
} finally {
  await backends.stop();
  rmSync(folder, { recursive: true });
}

function startFairlead(...nodeArgs: readonly string[]): ChildProcess {
  return fairlead.start({ folder, isLogged: false, nodeArgs: [...nodeArgs, ...collectable(folder)] });
}

function startBare(...nodeArgs: readonly string[]): ChildProcess {
  const bare = fileURLToPath(new URL('bare.ts', import.meta.url));
  const args = [...nodeArgs, ...collectable(folder), bare];
  return start({ role: 'proxy', program: process.execPath, args });
}

/** Bytes that a connection costs which has had one request and waits for the next, without the garbage of its opening. */
async function idleCost(server: ChildProcess): Promise<number> {
  try {
    await listening(PROXY_PORT, server);
    const pid = server.pid ?? 0;
    // No more than one request before: what a load leaves free in the heap would take in the connections unseen.
    (await askOnce()).destroy();
    await sleep(2_000);
    await heapAfterCollection(server, folder);
    const before = memoryBytes(pid);
    const sockets: Socket[] = [];
    for (let i = 0; i < CONNECTIONS; i++) sockets.push(await askOnce());
    await sleep(2_000);
    await heapAfterCollection(server, folder);
    const cost = (memoryBytes(pid) - before) / CONNECTIONS;
    for (const socket of sockets) socket.destroy();
    return cost;
  } finally {
    await stop(server);
  }
}

function askOnce(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(PROXY_PORT, '127.0.0.1');
    socket.once('error', reject).once('data', () => resolve(socket));
    socket.write('GET /small HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
  });
}
