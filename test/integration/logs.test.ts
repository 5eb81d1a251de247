import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { type CliOptions, type CliResult, RunningCli } from '../support/cli.ts';
import { ask } from '../support/client.ts';
import { eventually, PATIENCE_MS } from '../support/eventually.ts';
import { Fifo } from '../support/fifo.ts';
import { freePort } from '../support/free-port.ts';
import { parseMetrics } from '../support/metrics.ts';
import { isAlive } from '../support/worker-cli.ts';

const run = promisify(execFile);

/** A path so long that a few lines with it fill a pipe. */
const LONG = `/${'x'.repeat(7_000)}`;
const NOT_FULL = process.platform === 'linux' ? {} : { skip: 'needs /dev/full' };

interface Serving {
  readonly cli: RunningCli;
  /** Sends so many requests; answers how many got the backend's own answer. */
  flood(count: number): Promise<number>;
  dropped(log: string): Promise<number>;
  pids(): Promise<number[]>;
  /** Sends a signal; answers how it ended, within grace and what is waited for readers, or was ended. */
  end(signal: NodeJS.Signals): Promise<CliResult>;
}

/** `serve` of a backend that answers, whose logs go where the test says, with everything logged. */
async function serve(t: Test, workers: number, options: CliOptions, ...args: string[]): Promise<Serving> {
  const backend = await startBackend(t, 'a');
  const [http, admin] = [await freePort(), await freePort()];
  const given = ['--http', `127.0.0.1:${http}`, '--admin', `127.0.0.1:${admin}`, '--docker', 'off'];
  const limits = ['--workers', String(workers), '--grace', '1s', '--log-level', 'debug'];
  const text = `services:
  well: { host: well.localhost, health: { type: none }, backends: [http://127.0.0.1:${backend.port}] }
  ill: { host: ill.localhost, retry: { attempts: 0 }, health: { type: none }, backends: [http://127.0.0.1:1] }\n`;
  const config = join(t.testdirName, `fairlead-${http}.yaml`);
  writeFileSync(config, text);
  t.teardown(() => rmSync(config, { force: true }));
  const cli = new RunningCli(['serve', '--config', config, ...given, ...limits, ...args], options);
  t.teardown(() => {
    cli.child.kill('SIGKILL');
    return cli.ended;
  });
  await eventually('it is ready', async () => (await ask(admin, { path: '/readyz' })).status === 200);
  return {
    cli,
    async flood(count) {
      let good = 0;
      for (let i = 0; i < count; i++) {
        // Of the second one standard error tells, too.
        const [answer] = await Promise.all(
          ['well', 'ill'].map((name) => ask(http, { host: `${name}.localhost`, path: LONG })),
        );
        if (answer?.body === 'a') good++;
      }
      return good;
    },
    async dropped(log) {
      const { value } = parseMetrics((await ask(admin, { path: '/metrics' })).body);
      return value('fairlead_log_lines_dropped_total', { log });
    },
    async pids() {
      const { workers } = JSON.parse((await ask(admin, { path: '/api/snapshot' })).body);
      return workers.map(({ pid }: { pid: number }) => pid);
    },
    async end(signal) {
      const timer = setTimeout(() => cli.child.kill('SIGKILL'), PATIENCE_MS);
      cli.child.kill(signal);
      const result = await cli.ended;
      clearTimeout(timer);
      return result;
    },
  };
}

for (const workers of [1, 2]) {
  const by = `with ${workers} worker${workers > 1 ? 's' : ''}`;

  t.test(`traffic goes on while the access log's disk is full, ${by}`, NOT_FULL, async (t) => {
    t.testdir({});
    const full = openSync('/dev/full', 'w');
    t.teardown(() => closeSync(full));
    const { cli, flood, dropped, end } = await serve(t, workers, { stdout: full }, '--access-log', 'json');
    t.equal(await flood(30), 30);
    await cli.until(/lines of the access log are lost: ENOSPC/);
    await eventually('lost lines are counted', async () => (await dropped('access')) >= 60);
    t.equal(await flood(5), 5);
    t.equal(cli.stderr.match(/lines of the access log are lost/g)?.length, 1, 'it is told once');
    t.equal((await end('SIGTERM')).code, 0);
  });

  t.test(`traffic goes on while nobody reads the logs, and it ends when it is told to, ${by}`, async (t) => {
    const fifo = new Fifo(t);
    const both = { stdout: fifo.writer, stderr: fifo.writer };
    const { flood, end } = await serve(t, workers, both, '--access-log', 'json');
    t.equal(await flood(30), 30);
    t.equal((await end('SIGINT')).code, 0);
    t.ok(fifo.read().length > 30_000, 'the pipe was full');
  });

  t.test(`traffic goes on when the reader of the logs is gone, and it ends, ${by}`, async (t) => {
    const fifo = new Fifo(t);
    const both = { stdout: fifo.writer, stderr: fifo.writer };
    const { flood, dropped, end } = await serve(t, workers, both, '--access-log', 'json');
    fifo.close();
    t.equal(await flood(10), 10);
    await eventually('lost lines are counted', async () => (await dropped('access')) >= 20);
    fifo.reopen();
    await eventually('another reader is written to', async () => {
      await flood(1);
      return /lines of the access log were lost/.test(fifo.read());
    });
    t.equal((await end('SIGINT')).code, 0);
  });

  t.test(`lines of access log and log do not mix in one pipe, whatever their length, ${by}`, async (t) => {
    const fifo = new Fifo(t);
    const both = { stdout: fifo.writer, stderr: fifo.writer };
    const { flood, end } = await serve(t, workers, both, '--access-log', 'json');
    const reading = setInterval(() => fifo.read(), 5);
    t.teardown(() => clearInterval(reading));
    await Promise.all([flood(40), flood(40)]);
    t.equal((await end('SIGTERM')).code, 0);
    const lines = fifo.read().trimEnd().split('\n');
    for (const line of lines) JSON.parse(line);
    t.equal(lines.filter((line) => line.startsWith('{"time"')).length, 160, 'and none is lost');
  });
}

const SCRIPT = existsSync('/usr/bin/script') ? {} : { skip: 'needs script, which makes terminals' };

t.test(
  'traffic goes on while nobody reads the terminal, and it ends when it is told to',
  SCRIPT,
  async (t) => {
    const screen = new Fifo(t);
    const { cli, flood, end, pids } = await serve(
      t,
      1,
      { stdout: screen.writer, terminal: true },
      '--access-log',
      'json',
    );
    const [pid = 0] = await pids();
    t.equal(await flood(30), 30);
    t.ok(screen.read().length > 30_000, 'the terminal was full');
    t.match(screen.text, /INFO.*: .*Fairlead \S+ listens on/, 'lines for people');
    t.equal(await flood(30), 30);
    process.kill(pid, 'SIGTERM');
    await eventually('it has ended', () => !isAlive(pid));
    cli.child.kill('SIGKILL');
    await end('SIGKILL');
  },
);

t.test('a log to a file has all lines, also of the last moment', async (t) => {
  const path = join(t.testdir({ log: '' }), 'log');
  const file = openSync(path, 'a');
  t.teardown(() => closeSync(file));
  const { flood, end } = await serve(t, 1, { stdout: file, stderr: file }, '--access-log', 'json');
  await flood(20);
  t.equal((await end('SIGTERM')).code, 0);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  for (const line of lines) JSON.parse(line);
  t.equal(lines.filter((line) => line.startsWith('{"time"')).length, 40);
  t.match(lines.at(-1), '"stopped"');
});

t.test('once there is space again lines come again, whole, with how many are missing', async (t) => {
  t.testdir({});
  const disk = await smallDisk(t);
  if (disk === undefined) return void t.pass('a small disk takes rights to make');
  const path = join(disk, 'log');
  const log = openSync(path, 'a');
  t.teardown(() => closeSync(log));
  const { cli, flood, dropped, end } = await serve(t, 1, { stdout: log }, '--access-log', 'json');
  t.equal(await flood(20), 20);
  await eventually('lost lines are counted', async () => (await dropped('access')) > 0);
  const before = readFileSync(path, 'utf8');
  truncateSync(path, 0);
  await eventually('lines come again', async () => {
    await flood(1);
    return /\d+ lines of the access log were lost: ENOSPC/.test(cli.stderr);
  });
  t.equal((await end('SIGTERM')).code, 0);
  const all = before + readFileSync(path, 'utf8');
  for (const line of all.trimEnd().split('\n')) JSON.parse(line);
});

/** A disk of 64 KB, gone at the end of the test. */
async function smallDisk(t: Test): Promise<string | undefined> {
  const disk = await mkdtemp(join(tmpdir(), 'fairlead-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  } catch {
    await rmdir(disk);
    return undefined;
  }
  t.teardown(async () => {
    await run('umount', ['-l', disk]);
    await rmdir(disk);
  });
  return disk;
}
