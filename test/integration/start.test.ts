import { mkdir, rename } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import t, { type Test } from 'tap';
import { startBackend, type TestBackend } from '../support/backend.ts';
import { type CliOptions, RunningCli } from '../support/cli.ts';
import { ask, isRefused } from '../support/client.ts';
import { startEngineServer } from '../support/engine-server.ts';
import { eventually } from '../support/eventually.ts';
import { makeEntry } from '../support/fake-engine.ts';
import { freePort } from '../support/free-port.ts';
import { restartUnderLoad } from '../support/restarts.ts';

/** An Engine whose list of containers comes when the test says so. */
async function startSlowEngine(t: Test, containers: unknown) {
  const waiting: ServerResponse[] = [];
  let isHeld = true;
  const server = await startEngineServer(t, 'unix', {
    containers,
    handle(path, response) {
      if (!isHeld || !path.endsWith('/containers/json')) return false;
      waiting.push(response);
      return true;
    },
  });
  const answer = () => {
    isHeld = false;
    for (const response of waiting.splice(0)) response.end(JSON.stringify(containers));
  };
  return { ...server, answer };
}

/** Containers at 127.0.0.1, one for each backend. */
function entriesOf(backends: readonly TestBackend[]) {
  return backends.map(({ port }, i) => ({
    ...makeEntry({ id: `a${i}`, address: '127.0.0.1' }),
    Ports: [{ PrivatePort: port, Type: 'tcp' }],
  }));
}

/** `serve` on free ports. Gone at the end of the test. */
async function startServe(t: Test, args: readonly string[], options: CliOptions = {}) {
  const [http, admin] = [await freePort(), await freePort()];
  const ports = ['--http', `127.0.0.1:${http}`, '--admin', `127.0.0.1:${admin}`];
  const cli = new RunningCli(['serve', ...ports, ...args], options);
  t.teardown(() => {
    cli.child.kill('SIGKILL');
    return cli.ended;
  });
  const ready = async () => ask(admin, { path: '/readyz' });
  return { cli, http, admin, ready };
}

const SHOP = { host: 'shop.localhost' };

for (const workers of ['1', '2']) {
  t.test(`with ${workers} process(es) no request is taken before all containers are known`, async (t) => {
    const backend = await startBackend(t, 'a');
    const engine = await startSlowEngine(t, entriesOf([backend]));
    const { cli, http, ready } = await startServe(t, ['--docker', engine.endpoint, '--workers', workers]);
    await cli.until(/waits for docker \(unix:\S+: it has not answered yet\) before it takes requests/);
    t.ok(await isRefused(http));
    const { status, body } = await ready();
    t.equal(status, 503);
    t.match(body, /^not ready\ndocker was never heard \(unix:\S+: it has not answered yet\)\n$/);
    engine.answer();
    let refused = 0;
    const first = await eventually('it takes requests', async () => {
      if (!(await isRefused(http))) return ask(http, SHOP);
      refused++;
      return undefined;
    });
    t.match(first, { status: 200, body: 'a' }, 'the very first one is served');
    t.ok(refused >= 0);
    await eventually('it is ready', async () => (await ready()).status === 200);
  });
}

t.test('while it waits, its state tells what for, and a signal ends it at once', async (t) => {
  const engine = await startSlowEngine(t, []);
  const { cli, admin } = await startServe(t, ['--docker', engine.endpoint, '--start-timeout', '1h']);
  await cli.until(/waits for docker/);
  const { body } = await ask(admin, { path: '/api/snapshot' });
  t.match(JSON.parse(body).sources, [{ name: 'docker', connected: false }]);
  cli.child.kill('SIGTERM');
  const { code, stderr } = await cli.ended;
  t.equal(code, 0);
  t.notMatch(stderr, 'listens on');
});

t.test('without an Engine the services of the file are served after the time, with a problem', async (t) => {
  const backend = await startBackend(t, 'a');
  const cwd = t.testdir({
    'fairlead.yaml': `services: { shop: { host: shop.localhost, backends: ["http://127.0.0.1:${backend.port}"] } }\n`,
  });
  const socket = `unix://${cwd}/none.sock`;
  const args = ['--docker', socket, '--config', 'fairlead.yaml', '--start-timeout', '1500ms'];
  const { cli, http, admin, ready } = await startServe(t, args, { cwd });
  await cli.until(/waits for docker/);
  t.ok(await isRefused(http));
  await cli.until(
    /docker: was not heard within 1\.5 s of the start: requests are answered without .*none\.sock/,
  );
  await cli.until(/listens on/);
  t.match(await ask(http, SHOP), { status: 200, body: 'a' });
  t.match(await ready(), { status: 200, body: /^ready\ndocker was never heard/ }, 'it serves the file');
  const { body } = await ask(admin, { path: '/api/snapshot' });
  const problems: { source: string; message: string }[] = JSON.parse(body).problems;
  t.match(
    problems.filter(({ source }) => source === 'docker').map(({ message }) => message),
    [/was not heard/],
    'it is one problem',
  );
});

t.test('an Engine that comes later makes it ready, and the problem is solved', async (t) => {
  const backend = await startBackend(t, 'a');
  const engine = await startEngineServer(t, 'unix', { containers: entriesOf([backend]) });
  const socket = engine.endpoint.slice('unix://'.length);
  const away = `${socket}.away`;
  await rename(socket, away);
  const { cli, http, ready } = await startServe(t, ['--docker', engine.endpoint, '--start-timeout', '0s']);
  await cli.until(/listens on/);
  t.equal((await ready()).status, 503, 'all that is asked for is unknown');
  await mkdir(dirname(socket), { recursive: true });
  await rename(away, socket);
  await cli.until(/solved: \S+ was not heard within 0 s/);
  await eventually('it is ready', async () => (await ready()).status === 200);
  t.equal((await ask(http, SHOP)).status, 200);
});

t.test('an Engine that falls silent leaves it ready', async (t) => {
  const engine = await startEngineServer(t, 'unix', { containers: [] });
  const { cli, ready } = await startServe(t, ['--docker', engine.endpoint, '--log-level', 'debug']);
  await cli.until(/listens on/);
  engine.cut();
  await cli.until(/Docker does not answer/);
  t.match(await ready(), { status: 200, body: 'ready\n' });
});

t.test('an address that is taken ends it at once, though nobody else answers', async (t) => {
  const engine = await startSlowEngine(t, []);
  const { port } = await startBackend(t, 'taken');
  const args = ['--docker', engine.endpoint, '--start-timeout', '1h', '--http', `127.0.0.1:${port}`];
  const { cli } = await startServe(t, args);
  const { code, stderr } = await cli.ended;
  t.equal(code, 1);
  t.match(stderr, `cannot listen on 127.0.0.1:${port} (http): another process listens there`);
});

t.test('clients are served on each of several addresses, by one worker or two', async (t) => {
  for (const workers of ['1', '2']) {
    const ports = [await freePort(), await freePort()];
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    const args = ['--docker', 'off', '--http', addresses.join(), '--workers', workers];
    const { cli } = await startServe(t, args);
    await cli.until(/ listens on /);
    t.match(cli.stderr, ` listens on ${addresses[0]} (http) and ${addresses[1]} (http-2), dashboard `);
    for (const port of ports) t.match((await ask(port)).body, 'No route matches');
  }
});

t.test('one of several addresses that is taken ends it, and is named', async (t) => {
  const { port } = await startBackend(t, 'taken');
  const free = await freePort();
  const args = ['--docker', 'off', '--http', `127.0.0.1:${free},127.0.0.1:${port}`];
  const { cli } = await startServe(t, args);
  const { code, stderr } = await cli.ended;
  t.equal(code, 1);
  t.match(stderr, `cannot listen on 127.0.0.1:${port} (http-2): another process listens there`);
  t.match(stderr, '(--http ADDRESS takes another)');
});

t.test('an address that somebody took while it waited ends it', async (t) => {
  const engine = await startSlowEngine(t, []);
  const { cli, http } = await startServe(t, ['--docker', engine.endpoint, '--start-timeout', '1h']);
  await cli.until(/waits for docker/);
  const other = await startServe(t, ['--docker', 'off', '--http', `127.0.0.1:${http}`]);
  await other.cli.until(/listens on/);
  engine.answer();
  const { code, stderr } = await cli.ended;
  t.equal(code, 1);
  t.match(stderr, `cannot listen on 127.0.0.1:${http} (http): another process listens there`);
});

t.test('restarts under load answer 200 or nothing, never 404 or 503', async (t) => {
  const backends = [await startBackend(t, 'a'), await startBackend(t, 'b')];
  const engine = await startEngineServer(t, 'unix', {
    containers: entriesOf(backends),
    // Long enough for hundreds of requests.
    handle(path, response) {
      if (!path.endsWith('/containers/json')) return false;
      setTimeout(() => response.end(JSON.stringify(entriesOf(backends))), 500);
      return true;
    },
  });
  const seen = await restartUnderLoad(t, { docker: engine.endpoint, ...SHOP, restarts: 2 });
  t.ok((seen.get('200') ?? 0) >= 600);
  const others = [...seen.keys()].filter((one) => !['200', 'ECONNREFUSED', 'ECONNRESET'].includes(one));
  t.strictSame(others, []);
});
