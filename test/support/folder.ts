import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** A folder that is there until all that a test started has been stopped, which a `testdir` is not. */
export function lastingFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
