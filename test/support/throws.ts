import type { Test } from 'tap';
import { ValueError } from '../../src/model/parse-values.ts';

/** Fails unless the run throws a `ValueError` whose message fits. */
export function refuses(t: Test, run: () => unknown, message: RegExp | string, name: string): void {
  try {
    const value = run();
    t.fail(`${name} is refused`, { accepted: value });
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    t.match(error.message, message, `${name} is refused with its reason`);
  }
}
