import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive } from '../support/worker-cli.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const LINUX = process.platform === 'linux' ? {} : { skip: 'reads /proc' };

/** `npm run SCRIPT` in a group of its own, as of a shell with a terminal, and the port that it serves on. */
async function startNpm(t: Test, script: 'start' | 'demo', config = '') {
  const file = `${t.testdir({ 'fairlead.yaml': config })}/fairlead.yaml`;
  const ports = ['--http', '127.0.0.1:0', '--admin', 'off', '--docker', 'off'];
  const child = spawn('npm', ['run', script, '--', ...ports, '--config', file], {
    cwd: PROJECT,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = child.pid as number;
  t.teardown(() => {
    for (const one of groupOf(pid)) process.kill(one, 'SIGKILL');
  });
  const ended = once(child, 'exit');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [, port] = await eventually(
    'it listens',
    () => /listens on 127\.0\.0\.1:(\d+)/.exec(stderr) ?? undefined,
  );
  return { pid, port: Number(port), ended, stderr: () => stderr };
}

/** All processes of a group that are alive. */
function groupOf(group: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return isAlive(pid) && Number(stat.slice(stat.lastIndexOf(')')).split(' ')[3]) === group;
    } catch {
      return false;
    }
  });
}

for (const script of ['start', 'demo'] as const) {
  t.test(`npm run ${script} ends with Fairlead when npm is told to`, LINUX, async (t) => {
    const { pid, ended } = await startNpm(t, script);
    t.ok(groupOf(pid).length >= 2);
    process.kill(pid, 'SIGTERM');
    const [code] = await ended;
    t.equal(code, 0);
    t.strictSame(groupOf(pid), [], 'and nothing is left');
  });
}

t.test('Ctrl-C at npm start is one word, and what runs may finish', LINUX, async (t) => {
  const arrived = Promise.withResolvers<ServerResponse>();
  const backend = await startBackend(t, 'slow', (_, response) => arrived.resolve(response));
  const service = `{ host: "*", health: { type: none }, backends: [http://127.0.0.1:${backend.port}] }`;
  const { pid, port, ended, stderr } = await startNpm(t, 'start', `services: { shop: ${service} }\n`);
  const client = await connectRaw(t, port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const response = await arrived.promise;
  // The terminal tells all of them, and npm passes on what it is told.
  process.kill(-pid, 'SIGINT');
  await eventually('it finishes what runs', () => /finishing what runs/.test(stderr()));
  // Time for npm to have passed it on.
  await new Promise((resolve) => setTimeout(resolve, 200));
  response.end('whole');
  t.match(await client.untilClosed(), /^HTTP\/1\.1 200 .*whole/s);
  await ended;
  t.strictSame(groupOf(pid), []);
});
