import { globSync } from 'node:fs';
import t from 'tap';

const TESTS = new URL('../', import.meta.url);

/**
 * The test files of the parts by themselves: most take a few milliseconds, and a process takes 300. So the files of
 * a group share one, which test/parts/GROUP.test.ts is. Groups take about equally long and run side by side.
 */
export const GROUPS = {
  control: ['control/**/*.test.ts'],
  data: ['data/**/*.test.ts'],
  others: ['*.test.ts', 'docs/quick.test.ts', '{admin,config,model,telemetry}/**/*.test.ts'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Group = keyof typeof GROUPS;

/** Their paths below test/. */
export function filesOf(group: Group): string[] {
  return globSync(GROUPS[group], { cwd: TESTS }).sort();
}

/** Runs all tests of a group in this process, file by file, each test as if its file were run alone. */
export function runGroup(group: Group): void {
  // The first test loads the files, which put theirs behind it: none begins while others are being compiled.
  t.test('every file loads', async (t) => {
    for (const file of filesOf(group)) await t.resolves(import(new URL(file, TESTS).href), file);
  });
}
