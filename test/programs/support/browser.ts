import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What a headless Chromium has made of a page after some seconds, as HTML. It finds `*.localhost` itself. */
export async function pageInBrowser(url: string, seconds = 15): Promise<string> {
  const profile = await mkdtemp(join(tmpdir(), 'recipes-'));
  try {
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
    const args = [...flags, `--timeout=${seconds * 1000}`, '--dump-dom', url];
    const { stdout } = await execute('chromium', args, { maxBuffer: 2 ** 26, timeout: 120_000 });
    return stdout;
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
