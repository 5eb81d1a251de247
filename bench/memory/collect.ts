import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOOK = fileURLToPath(new URL('heap.ts', import.meta.url));
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const fileIn = (folder: string) => join(folder, 'heap');

/** Arguments of Node for a process that can be told to collect its garbage. */
export function collectable(folder: string): string[] {
  process.env['BENCH_HEAP_FILE'] = fileIn(folder);
  return ['--expose-gc', '--import', HOOK];
}

/** Has the process collect all garbage, and answers the bytes that are alive in its heap, with the buffers it refers to. */
export async function heapAfterCollection(server: ChildProcess, folder: string): Promise<number> {
  const file = fileIn(folder);
  const lines = () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []);
  const before = lines().length;
  server.kill('SIGUSR2');
  for (let i = 0; i < 500; i++) {
    await sleep(20);
    const now = lines();
    if (now.length > before) return Number(now.at(-1));
  }
  throw new Error('it does not answer what its heap is');
}
