import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** Where a figure was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
}

export function thisMachine(): Machine {
  const model = cpus()[0]?.model ?? 'unknown';
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return { cpu: model, cores: cpus().length, memoryGb, kernel: release(), node: process.version };
}

/** Today, as it stands beside figures. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

const fileOf = (name: string) => new URL(`results/${name}.json`, import.meta.url);

/** What a benchmark measured last; undefined when it never ran. The pages of the documentation are made of it. */
export function readResults<T>(name: string): T | undefined {
  const file = fileOf(name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

export function writeResults(name: string, results: unknown): void {
  writeFileSync(fileOf(name), `${JSON.stringify(results, undefined, 2)}\n`);
}
