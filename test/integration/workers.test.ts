import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import type { LiveBackend } from '../../src/admin/state.ts';
import { deadPort, startBackend } from '../support/backend.ts';
import { ask, connectRaw, isRefused, type RawClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { isAlive, startWorkers, type WorkerCli } from '../support/worker-cli.ts';

/** Asks so many times, each on a connection of its own, and answers the bodies. */
async function askTimes(port: number, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, async () => (await ask(port)).body));
}

interface Hanging extends WorkerCli {
  readonly client: RawClient;
  /** Of the request that runs. */
  readonly response: ServerResponse;
}

/** Two workers, and a request that one of them is carrying to a backend that waits for the test. */
async function startHanging(t: Test, ...args: string[]): Promise<Hanging> {
  const arrived = Promise.withResolvers<ServerResponse>();
  const backend = await startBackend(t, 'slow', (_, response) => arrived.resolve(response));
  const fairlead = await startWorkers(t, [backend.port], args);
  const client = await connectRaw(t, fairlead.http);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  return { ...fairlead, client, response: await arrived.promise };
}

t.test('several workers share the connections, and are told one by one and in sum', async (t) => {
  const backend = await startBackend(t, 'a');
  const { http, workers, metrics } = await startWorkers(t, [backend.port]);
  t.strictSame(new Set(await askTimes(http, 100)), new Set(['a']));
  const found = await workers();
  t.match(found, [
    { worker: 1, state: 'serving', restarts: 0 },
    { worker: 2, state: 'serving', restarts: 0 },
  ]);
  for (const { worker, requests, memoryBytes, cpuSeconds } of found) {
    t.ok(requests > 0, `worker ${worker} has a share`);
    t.ok(memoryBytes > 10_000_000 && cpuSeconds > 0);
  }
  t.equal(
    found.reduce((sum, { requests }) => sum + requests, 0),
    100,
  );
  const { value } = await metrics();
  t.equal(value('fairlead_requests_total', { service: 'shop', code: '200' }), 100);
  t.equal(value('fairlead_request_duration_seconds_count', { service: 'shop' }), 100);
  t.equal(value('fairlead_backend_requests_total', { service: 'shop' }), 100);
  t.equal(value('fairlead_client_connections_total'), 100);
  t.equal(value('fairlead_workers'), 2);
});

t.test('what one worker learns of a backend, all know', async (t) => {
  const backend = await startBackend(t, 'a');
  const dead = await deadPort();
  const { http, admin, workers } = await startWorkers(t, [backend.port, dead]);
  const answers = await askTimes(http, 40);
  t.strictSame(new Set(answers), new Set(['a']));
  const flagged = await eventually('it is out', async () => {
    const { services } = JSON.parse((await ask(admin, { path: '/api/snapshot' })).body);
    return services[0].backends.find(
      (one: LiveBackend) => one.address.port === dead && one.health.flags.includes('Ejected'),
    );
  });
  t.match(flagged.health.reason, /failed request/);
  t.equal((await workers()).length, 2);
});

t.test('a worker that is killed costs its own requests only, and is replaced', async (t) => {
  const arrived: ServerResponse[] = [];
  const backend = await startBackend(t, 'slow', (request, response) => {
    if (request.url === '/wait') arrived.push(response);
    else response.end('quick');
  });
  const { http, workers, metrics, cli } = await startWorkers(t, [backend.port]);
  await askTimes(http, 20);
  const before = await workers();
  // So many that both workers carry some of them.
  const clients = await Promise.all(Array.from({ length: 16 }, () => connectRaw(t, http)));
  for (const client of clients) client.send('GET /wait HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually('all are under way', () => arrived.length === clients.length);
  const [victim, survivor] = await eventually('no other is open', async () => {
    const found = await workers();
    const open = found.reduce((sum, { connections }) => sum + connections, 0);
    return open === clients.length ? found : undefined;
  });
  t.ok((victim?.connections ?? 0) > 0 && (survivor?.connections ?? 0) > 0);

  process.kill(victim?.pid ?? 0, 'SIGKILL');
  await cli.until(/worker 1 died: SIGKILL/);
  t.strictSame(new Set(await askTimes(http, 20)), new Set(['quick']), 'new connections are served meanwhile');
  for (const response of arrived) response.end('whole');
  await eventually('every request has ended', () =>
    clients.every((client) => client.isClosed || client.received.endsWith('whole')),
  );
  const lost = clients.filter((client) => client.isClosed).length;
  t.equal(lost, victim?.connections, 'those of the victim, and no other');
  const after = await eventually('another serves', async () => {
    const found = await workers();
    return found.length === 2 && found.every(({ state }) => state === 'serving') ? found : undefined;
  });
  t.match(after, [
    { worker: 1, restarts: 1 },
    { worker: 2, restarts: 0, pid: before[1]?.pid },
  ]);
  const { value } = await metrics();
  t.equal(value('fairlead_worker_restarts_total', { worker: '1' }), 1);
  const answered = 40 + (clients.length - lost);
  t.equal(
    value('fairlead_requests_total', { service: 'shop', code: '200' }),
    answered,
    'what the dead one had counted stays in the sum',
  );
});

t.test('a worker that keeps dying is an alarm, and another takes its connections', async (t) => {
  const backend = await startBackend(t, 'a');
  const { http, admin, workers, metrics, cli } = await startWorkers(t, [backend.port]);
  for (let death = 1; death <= 5; death++) {
    const victim = await eventually('it serves', async () =>
      (await workers()).find(({ worker, state }) => worker === 1 && state === 'serving'),
    );
    process.kill(victim.pid, 'SIGKILL');
    await eventually('its end is seen', async () => (await workers()).every(({ pid }) => pid !== victim.pid));
  }
  // The next one starts in four seconds; until then half of all connections come to its socket.
  t.strictSame(await askTimes(http, 20), Array(20).fill('a'));
  t.match(await workers(), [{ worker: 2 }], 'all by the other');
  await cli.until(/worker 1 keeps dying: 5 times in a row, last by SIGKILL; next try in 4000 ms/);
  const { problems } = JSON.parse((await ask(admin, { path: '/api/snapshot' })).body);
  t.match(problems, [{ severity: 'error', message: /^worker 1 keeps dying: 5 times in a row/ }]);
  t.equal((await metrics()).value('fairlead_problems', { severity: 'error' }), 1);
  t.equal((await ask(admin, { path: '/readyz' })).status, 200);
});

t.test('SIGHUP replaces all workers without a request lost, on old connections and new ones', async (t) => {
  const waiting = Promise.withResolvers<ServerResponse>();
  const backend = await startBackend(t, 'a', (request, response) => {
    if (request.url === '/wait') waiting.resolve(response);
    else response.end('a');
  });
  const { http, workers, replaced, cli, metrics } = await startWorkers(t, [backend.port]);
  const load = startLoad(`http://127.0.0.1:${http}`, { host: 'a', rate: 100 });
  let isOver = false;
  const fresh: string[] = [];
  const asking = (async () => {
    while (!isOver) fresh.push((await ask(http)).body);
  })();
  await load.sent(20);
  const client = await connectRaw(t, http);
  client.send('GET /wait HTTP/1.1\r\nHost: a\r\n\r\n');
  const response = await waiting.promise;

  const before = await workers();
  cli.child.kill('SIGHUP');
  await cli.until(/all workers are replaced/);
  await eventually('the one with a request drains', async () => {
    const draining = (await workers()).filter(({ state }) => state === 'draining');
    return draining.length === 1 && draining[0]?.connections === 1;
  });
  response.end('whole');
  t.match(await client.untilClosed(), /^HTTP\/1\.1 200 .*whole/s, 'and finishes it');
  await replaced(before);

  isOver = true;
  await asking;
  const { sent, failures } = await load.stop();
  t.strictSame(failures, []);
  t.ok(sent > 20 && fresh.length > 20);
  t.strictSame(new Set(fresh), new Set(['a']));
  t.match(await workers(), [{ restarts: 0 }, { restarts: 0 }]);
  const { value } = await metrics();
  t.equal(
    value('fairlead_requests_total', { service: 'shop', code: '200' }),
    sent + fresh.length + 1,
    'and all are counted, whoever served them',
  );
});

t.test(
  'the access log has a whole line for each request, whoever served it, also of those that were replaced',
  async (t) => {
    const backend = await startBackend(t, 'a');
    const { http, cli } = await startWorkers(t, [backend.port], ['--access-log', 'json']);
    const long = 'x'.repeat(4_000);
    // More than the 4 KB that go into a pipe as one.
    const request = { path: `/${long}`, headers: { referer: long, 'user-agent': long } };
    const ask100 = () => Promise.all(Array.from({ length: 100 }, () => ask(http, request)));
    await ask100();
    cli.child.kill('SIGHUP');
    await cli.until(/all workers are replaced/);
    await ask100();
    cli.child.kill('SIGTERM');
    const { stdout } = await cli.ended;
    const entries = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.equal(entries.length, 200);
    t.ok(entries.every(({ target, status }) => target.length > 2_000 && status === 200));
    t.ok(
      Math.min(
        ...stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.length),
      ) > 4_096,
    );
  },
);

t.test('a stop, also when the whole group hears of it, lets every worker finish what it has', async (t) => {
  const { cli, http, admin, client, response, workers } = await startHanging(t);
  const pids = (await workers()).map(({ pid }) => pid);
  for (const pid of [...pids, cli.child.pid ?? 0]) process.kill(pid, 'SIGINT');
  await cli.until(/SIGINT: finishing what runs/);
  await eventually('new connections are refused', () => isRefused(http));
  t.equal((await ask(admin, { path: '/readyz' })).status, 503);
  response.end('whole');
  t.match(await client.untilClosed(), /^HTTP\/1\.1 200 .*whole/s);
  t.equal((await cli.ended).code, 0);
  t.notOk(pids.some(isAlive), 'and none is left');
});

t.test('a second signal ends all of them at once', async (t) => {
  const { cli, client, workers } = await startHanging(t, '--grace', '1h');
  const pids = (await workers()).map(({ pid }) => pid);
  cli.child.kill('SIGTERM');
  await cli.until(/SIGTERM: finishing what runs/);
  // What comes at once may be an echo of the first one.
  const again = setInterval(() => cli.child.kill('SIGTERM'), 100);
  t.teardown(() => clearInterval(again));
  t.equal((await cli.ended).code, 1);
  t.equal(await client.untilClosed(), '');
  await eventually('no worker is left', () => !pids.some(isAlive));
});

t.test('workers without their supervisor finish what they have, and end', async (t) => {
  const { cli, http, client, response, workers } = await startHanging(t);
  const pids = (await workers()).map(({ pid }) => pid);
  cli.child.kill('SIGKILL');
  await eventually('new connections are refused', () => isRefused(http));
  response.end('whole');
  t.match(await client.untilClosed(), /^HTTP\/1\.1 200 .*whole/s);
  await eventually('no worker is left', () => !pids.some(isAlive));
});

t.test('a port that is taken is a sentence for people, also by another with several workers', async (t) => {
  const backend = await startBackend(t, 'a');
  const { http } = await startWorkers(t, [backend.port]);
  await t.rejects(
    startWorkers(t, [backend.port], ['--http', `127.0.0.1:${http}`]),
    new RegExp(`error: cannot listen on 127\\.0\\.0\\.1:${http} \\(http\\): another process listens there`),
  );
});

t.test('an exception that nobody caught ends no worker, is counted and logged once', async (t) => {
  const backend = await startBackend(t, 'a');
  const inject = "process.on('SIGUSR2', () => { throw new Error('injected') })";
  const reject = "process.on('SIGWINCH', () => void Promise.reject(new Error('injected, too')))";
  const source = encodeURIComponent(`${inject}; ${reject}`);
  const fairlead = await startWorkers(t, [backend.port], [], {
    node: ['--import', `data:text/javascript,${source}`],
  });
  const { http, workers, metrics, cli } = fairlead;
  const before = await workers();
  const pids = [...before.map(({ pid }) => pid), cli.child.pid as number];
  for (const pid of pids) {
    for (const signal of ['SIGUSR2', 'SIGUSR2', 'SIGWINCH'] as const) {
      process.kill(pid, signal);
      // Signals of one kind that come at once are one.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  await eventually(
    'all are counted',
    async () => (await metrics()).value('fairlead_internal_errors_total', { where: 'process' }) === 9,
  );
  t.strictSame(new Set(await askTimes(http, 20)), new Set(['a']));
  t.strictSame(
    (await workers()).map(({ pid }) => pid),
    before.map(({ pid }) => pid),
  );
  const logged = cli.stderr.split('\n').filter((line) => line.includes('internal error'));
  t.equal(logged.length, 6, 'two causes in each of three processes');
});
