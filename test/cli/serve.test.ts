import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { type RunningCli, type ServingCli, startCli } from '../support/cli.ts';
import { ask, connectRaw, isRefused, type RawClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';

/** The configuration of one service for every host, on these ports, which are not probed. */
function shop(...ports: number[]): string {
  const backends = ports.map((port) => `http://127.0.0.1:${port}`).join(', ');
  return `services:\n  shop: { host: "*", health: { type: none }, backends: [${backends}] }\n`;
}

/** `serve` of that configuration. */
function serve(t: Test, text: string, ...args: string[]): Promise<ServingCli> {
  return startCli(t, 'serve', ['--config', 'fairlead.yaml', ...args], {
    cwd: t.testdir({ 'fairlead.yaml': text }),
  });
}

interface Hanging {
  readonly cli: RunningCli;
  readonly http: number;
  readonly admin: number;
  readonly client: RawClient;
  /** Of the request that runs. */
  readonly response: ServerResponse;
}

/** `serve` with a request that runs and whose backend waits for the test. */
async function serveHanging(t: Test, ...args: string[]): Promise<Hanging> {
  const arrived = Promise.withResolvers<ServerResponse>();
  const backend = await startBackend(t, 'slow', (_, response) => arrived.resolve(response));
  const { cli, http, admin } = await serve(t, shop(backend.port), ...args);
  const client = await connectRaw(t, http);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  return { cli, http, admin, client, response: await arrived.promise };
}

t.test('the services of the file are balanced', async (t) => {
  const [a, b] = [await startBackend(t, 'a'), await startBackend(t, 'b')];
  const { http } = await serve(t, shop(a.port, b.port));
  const bodies = [];
  for (let i = 0; i < 4; i++) bodies.push((await ask(http, { host: 'any.example' })).body);
  t.strictSame(bodies.sort(), ['a', 'a', 'b', 'b']);
});

t.test('an edit of the file takes effect, a bad one keeps the last good state', async (t) => {
  const [a, b] = [await startBackend(t, 'a'), await startBackend(t, 'b')];
  const { cli, http } = await serve(t, shop(a.port));
  const path = join(t.testdirName, 'fairlead.yaml');
  t.equal((await ask(http)).body, 'a');
  await writeFile(path, shop(b.port));
  await eventually('requests reach b', async () => (await ask(http)).body === 'b');
  await writeFile(path, `services: { shop: { hots: x } }\n`);
  await cli.until(/services\.shop\.hots is not a known key/);
  t.equal((await ask(http)).body, 'b');
});

t.test('at the signal to stop a running request finishes, and the exit code is 0', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { cli, http, admin, client, response } = await serveHanging(t);
    t.equal((await ask(admin, { path: '/readyz' })).status, 200);
    cli.child.kill(signal);
    await cli.until(new RegExp(`${signal}: finishing what runs`));
    await eventually('new connections are refused', () => isRefused(http));
    t.equal((await ask(admin, { path: '/readyz' })).status, 503, 'whoever asks sends it no more');
    response.end('whole');
    t.match(await client.untilClosed(), /^HTTP\/1\.1 200 .*\r\n\r\n(?:5\r\n)?whole/s, signal);
    t.equal((await cli.ended).code, 0, signal);
  }
});

t.test('a second signal ends it at once, whatever runs', async (t) => {
  const { cli, client } = await serveHanging(t, '--grace', '1h');
  cli.child.kill('SIGTERM');
  await cli.until(/SIGTERM: finishing what runs/);
  // What comes at once may be an echo of the first one.
  const again = setInterval(() => cli.child.kill('SIGTERM'), 100);
  t.teardown(() => clearInterval(again));
  const { code, stderr } = await cli.ended;
  t.equal(code, 1);
  t.notMatch(stderr, '"stopped"');
  t.equal(await client.untilClosed(), '', 'the request got no answer');
});

t.test('SIGHUP cuts nothing of a single process', async (t) => {
  const { cli, client, response } = await serveHanging(t);
  cli.child.kill('SIGHUP');
  await cli.until(/SIGHUP: reading the configuration again/);
  response.end('whole');
  t.match(await client.until((received) => received.includes('whole'), 'the answer'), /^HTTP\/1\.1 200 /);
});

t.test('after the time of grace it ends with what still runs', async (t) => {
  const { cli, client } = await serveHanging(t, '--grace', '50ms');
  cli.child.kill('SIGTERM');
  t.equal((await cli.ended).code, 0);
  await client.untilClosed();
});

t.test('the access log is on standard output, the rest on standard error', async (t) => {
  const a = await startBackend(t, 'a');
  const { cli, http } = await serve(t, shop(a.port), '--access-log', 'json');
  await ask(http, { path: '/x', headers: { 'user-agent': 'test' } });
  cli.child.kill('SIGTERM');
  const { code, stdout, stderr } = await cli.ended;
  t.equal(code, 0);
  const lines = stdout.trimEnd().split('\n');
  t.equal(lines.length, 1, 'what was gathered is written at the end');
  t.match(JSON.parse(lines[0] ?? ''), {
    method: 'GET',
    host: 'test.localhost',
    target: '/x',
    status: 200,
    bytes: 1,
    service: 'shop',
    backend: `127.0.0.1:${a.port}`,
    userAgent: 'test',
  });
  for (const line of stderr.trimEnd().split('\n')) t.ok('msg' in JSON.parse(line), 'a log line is JSON');
});

t.test('the common log has a line for each request', async (t) => {
  const a = await startBackend(t, 'a');
  const { cli, http } = await serve(t, shop(a.port), '--access-log', 'clf');
  for (const path of ['/1', '/2']) await ask(http, { path });
  cli.child.kill('SIGTERM');
  const { stdout } = await cli.ended;
  t.match(
    stdout,
    /^127\.0\.0\.1 - - \[.*\] "GET \/1 HTTP\/1\.1" 200 1 .*\n.*"GET \/2 HTTP\/1\.1" 200 1 .*\n$/,
  );
});

t.test('the log is lines for people when asked to be', async (t) => {
  const { cli } = await serve(t, 'docker: off\n', '--log-format', 'pretty');
  t.match(cli.stderr, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Fairlead \S+ listens on /m);
  t.notMatch(cli.stderr, '\x1b[', 'no colours where nobody sees them');
});
