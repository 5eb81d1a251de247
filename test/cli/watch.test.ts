import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { startAdmin } from '../../src/admin/admin-server.ts';
import { stateOf } from '../../src/admin/state.ts';
import { drawn, News } from '../../src/cli/watch.ts';
import { widthOf } from '../../src/cli/width.ts';
import { ADMIN_NOW, ADMIN_SNAPSHOT, adminView, startTestAdmin } from '../support/admin.ts';
import { deadPort } from '../support/backend.ts';
import { RunningCli, runCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** `status --watch`, gone at the end of the test. */
function startWatch(t: Test, port: number, ...args: string[]): RunningCli {
  const cli = new RunningCli(['status', '--watch', '100ms', '--admin', `127.0.0.1:${port}`, ...args]);
  t.teardown(() => {
    cli.child.kill('SIGKILL');
    return cli.ended;
  });
  return cli;
}

t.test('on a pipe a table follows the other, and Ctrl-C ends it with 0', async (t) => {
  const { port } = await startTestAdmin(t);
  const cli = startWatch(t, port);
  await eventually(
    'three tables',
    () => cli.stdout.split('\n\n').filter((one) => /^SERVICE/.test(one)).length >= 3,
  );
  cli.child.kill('SIGINT');
  const { code, stdout, stderr } = await cli.ended;
  t.strictSame([code, stderr], [0, '']);
  t.match(stdout, /^Fairlead 1\.2\.3, up 1m0s, version 7 of the table, 2023-11-14T22:13:20\.000Z\n/);
  t.notMatch(stdout, '\x1b', 'nothing moves a cursor');
});

t.test('a Fairlead that restarts is said, and watched again', async (t) => {
  const port = await deadPort();
  const address = { host: '127.0.0.1', port };
  const first = await startAdmin(address, undefined, adminView());
  const cli = startWatch(t, port);
  await eventually('it is seen', () => /^SERVICE/m.test(cli.stdout));
  first.close();
  await eventually('its end is told', () =>
    /no Fairlead answers at .*; for 0s, asking again/.test(cli.stdout),
  );
  const second = await startAdmin(address, undefined, adminView({ startedAt: ADMIN_NOW - 3_000 }));
  t.teardown(() => second.close());
  await eventually('it is seen again', () =>
    /Fairlead was restarted at 2023-11-14T22:13:17\.000Z\nFairlead 1\.2\.3, up 3s/.test(cli.stdout),
  );
  cli.child.kill('SIGTERM');
  t.equal((await cli.ended).code, 0);
});

t.test('where none answers at first it is exit code 1', async (t) => {
  const { code, stdout, stderr } = await runCli([
    'status',
    '--watch',
    '--admin',
    `127.0.0.1:${await deadPort()}`,
  ]);
  t.strictSame([code, stdout], [1, '']);
  t.match(stderr, 'error: no Fairlead answers at ');
});

t.test('as JSON each look is a line', async (t) => {
  const { port } = await startTestAdmin(t);
  const cli = startWatch(t, port, '--json');
  await eventually('three lines', () => cli.stdout.split('\n').length > 3);
  cli.child.kill('SIGINT');
  t.equal((await cli.ended).code, 0);
  for (const line of cli.stdout.split('\n').slice(0, 3)) t.equal(JSON.parse(line).fairlead, '1.2.3');
});

t.test('a reader who has seen enough ends it', async (t) => {
  const { port } = await startTestAdmin(t);
  const cli = startWatch(t, port);
  cli.child.stdout?.destroy();
  const [code] = await once(cli.child, 'exit');
  t.equal(code, 0);
});

t.test('on a terminal it is drawn in place, and all is as before at the end', async (t) => {
  const { port } = await startTestAdmin(t);
  const command = `stty rows 30 cols 100; exec ${process.execPath} ${MAIN} status --watch 100ms --admin 127.0.0.1:${port}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], TERM: 'xterm', FAIRLEAD_CONFIG: '/dev/null' },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
  });
  await eventually('it is drawn three times', () => screen.split('\x1b[H').length > 3);
  t.match(screen, '\x1b[31mfailing its check: refused\x1b[0m', 'what is ill is red');
  // Ctrl-C
  child.stdin.write('\x03');
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
  t.match(screen, /^\x1b\[\?1049h\x1b\[\?25l/);
  t.match(screen, /\x1b\[\?25h\x1b\[\?1049l$/);
  t.notMatch(screen, '\x1b[2J', 'nothing is wiped before it is drawn');
});

t.test('no more is drawn than the screen has lines and columns', async (t) => {
  const [shop] = ADMIN_SNAPSHOT.services;
  const services = Array.from({ length: 500 }, (_, i) => ({
    ...shop,
    name: `商店-${'x'.repeat(i % 60)}-${i}`,
  }));
  const problems = Array.from({ length: 50 }, (_, i) => ({
    ...ADMIN_SNAPSHOT.problems[0],
    subject: `web-${i}`,
  }));
  const snapshot = { ...ADMIN_SNAPSHOT, services, problems } as typeof ADMIN_SNAPSHOT;
  const state = stateOf(adminView({ snapshot: () => snapshot }));
  for (const [rows, columns] of [
    [24, 80],
    [10, 40],
    [3, 20],
    [1, 1],
  ] as const) {
    const text = drawn(state, 'Fairlead was restarted', { rows, columns, hasColor: false });
    const lines = text.replaceAll(/\x1b\[[HKJ]/g, '').split('\n');
    t.equal(lines.length, rows);
    t.ok(
      lines.every((line) => widthOf(line) <= columns),
      `${rows} × ${columns}`,
    );
  }
  const text = drawn(state, undefined, { rows: 24, columns: 80, hasColor: false });
  t.match(text, '… 43 more problems');
  t.match(text, /… [\d,]+ more lines/);
  t.notMatch(text, '\x1b[3', 'and without colours where none are wanted');
});

t.test('what became of it is told until it is over', async (t) => {
  const news = new News();
  const state = stateOf(adminView());
  const error = { error: 'no Fairlead answers' };
  t.equal(news.hear({ state }, 0), false);
  t.equal(news.line(0), undefined);
  t.equal(news.hear(error, 1_000), true);
  t.equal(news.hear(error, 3_000), false, 'the same again is nothing new');
  t.equal(news.line(5_000), 'no Fairlead answers; for 4s, asking again');
  t.equal(news.hear({ state }, 6_000), true);
  t.equal(news.line(6_000), undefined, 'it never was away');
  t.equal(news.hear({ state: { ...state, startedAt: 0 } }, 7_000), true);
  t.equal(news.line(9_000), 'Fairlead was restarted at 1970-01-01T00:00:00.000Z');
});
