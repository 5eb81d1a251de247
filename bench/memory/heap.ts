// Runs inside a measured process (node --expose-gc --import): on SIGUSR2 it collects all garbage and tells what is left.
import { appendFileSync } from 'node:fs';

const file = process.env['BENCH_HEAP_FILE'];
const collect = globalThis.gc;
process.on('SIGUSR2', () => {
  if (file === undefined || collect === undefined) return;
  // What the first one finalizes only the second one frees.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  appendFileSync(file, `${heapUsed + external}\n`);
});
