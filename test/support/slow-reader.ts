import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program, and answers what it wrote to standard output, read so slowly that its writes go in pieces. */
export async function readSlowly(code: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
    child.stdout.pause();
    setTimeout(() => child.stdout.resume(), 2);
  });
  await once(child, 'close');
  return written;
}
