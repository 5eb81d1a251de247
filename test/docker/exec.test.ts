// Docker's own client, whose streams are a POST with a body that is upgraded, with an Engine behind Fairlead.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { runContainer, testImage } from '../support/docker.ts';
import { startProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';

/** What docker's client printed, and its exit code. */
interface Printed {
  readonly bytes: Buffer;
  readonly code: number | null;
}

/** Runs docker's client against an Engine behind a proxy. */
async function startClient(t: Test) {
  const engine = await startRawBackend(t, (socket) => {
    socket.allowHalfOpen = true;
    const real = connect({ path: '/var/run/docker.sock', allowHalfOpen: true });
    real.on('error', () => socket.destroy());
    socket.on('close', () => real.destroy());
    socket.pipe(real).pipe(socket);
  });
  const proxy = await startProxy(t, [{ routes: [{ host: '*' }], backends: [engine.port] }]);
  const start = (...args: string[]): ChildProcess => {
    const child = spawn('docker', ['--host', `tcp://127.0.0.1:${proxy.port}`, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    return child;
  };
  const run = async (input: Buffer | string, ...args: string[]): Promise<Printed> => {
    const child = start(...args);
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin?.on('error', () => {}).end(input);
    const [code] = await once(child, 'close');
    return { bytes: Buffer.concat(chunks), code };
  };
  return { proxy, start, run };
}

const image = await testImage(t);
if (image !== undefined) {
  t.test('docker exec, logs and attach work through Fairlead', async (t) => {
    const { proxy, start, run } = await startClient(t);
    const id = await runContainer(t, image);
    const node = (script: string) => [id, '/usr/bin/node', '-e', script];
    const plain = await run('', 'exec', ...node("console.log('out'); process.exit(7)"));
    t.same([String(plain.bytes), plain.code], ['out\n', 7]);
    // The answer comes after the end of the input: half of the connection is closed by then.
    const asked = await run(
      'a question',
      'exec',
      '-i',
      ...node(
        "let s = ''; process.stdin.on('data', (d) => (s += d)).on('end', () => setTimeout(() => console.log('heard ' + s), 300))",
      ),
    );
    t.same([String(asked.bytes), asked.code], ['heard a question\n', 0]);
    const blob = randomBytes(3_000_003);
    const echoed = await run(blob, 'exec', '-i', ...node('process.stdin.pipe(process.stdout)'));
    t.ok(echoed.bytes.equals(blob), 'megabytes each way');
    t.ok(proxy.entries.filter(({ status }) => status === 101).length >= 3);
    const attached = start('attach', '--no-stdin', id);
    await run(
      '',
      'exec',
      id,
      '/usr/bin/node',
      '-e',
      "require('fs').writeFileSync('/proc/1/fd/1', 'said\\n')",
    );
    const [said] = await once(attached.stdout as Readable, 'data');
    t.match(String(said), /said/);
    const followed = start('logs', '--follow', id);
    t.match(String((await once(followed.stdout as Readable, 'data'))[0]), /\n/);
    // What it says ends with it.
    await run('', 'kill', id);
    await untilQuiet(proxy);
  });
}
