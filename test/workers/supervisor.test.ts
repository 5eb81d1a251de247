import { createServer } from 'node:net';
import t from 'tap';
import type { BackendSignal } from '../../src/model/signal.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { makeServiceStats, NO_TRAFFIC, type TrafficStats } from '../../src/model/stats.ts';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { settle } from '../support/clock.ts';
import { keyringOf, namedPair } from '../support/keyring.ts';
import { listenerOn } from '../support/listener.ts';
import { makeSnapshot } from '../support/proxy.ts';
import { makeScene, startScene } from '../support/worker-processes.ts';

/** What a worker tells that has answered so many requests of the service `test`. */
function served(count: number, connections = 0): TrafficStats {
  const test = makeServiceStats();
  test.codes[200] = count;
  test.durations[3] = count;
  test.durationSumMs = count * 2;
  const backend = {
    requests: count,
    failures: { reset: 1 },
    connectionsOpened: 1,
    inFlight: connections,
    idle: 1,
  };
  return {
    ...NO_TRAFFIC,
    services: { test },
    backends: { 'test/80': backend as never },
    unrouted: Array.from({ length: 600 }, (_, code) => (code === 404 ? 1 : 0)),
    clientConnections: connections,
    clientConnectionsTotal: count,
  };
}

const SERVED = { backends: [80] };

t.test('other options reach the workers that run and those that begin later', async (t) => {
  const { supervisor, processes, started, clock } = await startScene(t, 2);
  supervisor.adopt({ pages: 'there' }, 1_000);
  for (const process of processes)
    t.match(process.received.at(-1), { kind: 'options', options: { pages: 'there' } });
  started(0).die();
  await clock.advance(0);
  t.match(started(2).received[0], { kind: 'start', options: { pages: 'there' }, graceMs: 1_000 });
});

t.test('each worker begins with what is known so far, and hears of each change', async (t) => {
  const { supervisor, processes, started } = makeScene(t, 2);
  const first = makeSnapshot(3, [SERVED]);
  supervisor.apply(first);
  const [listener] = await supervisor.start([listenerOn()]);
  t.equal(processes.length, 2);
  t.match(started(1).received[0], {
    kind: 'start',
    worker: 2,
    options: { pages: 'here' },
    sockets: [8, 8].map((count, place) =>
      Array.from({ length: count }, (_, i) => ({ listener, fd: 4 + 8 * place + i })),
    ),
    graceMs: 5_000,
  });
  await settle();
  const second = makeSnapshot(4, [{ backends: [{ port: 80, flags: ['FailedCheck'] }] }]);
  supervisor.apply(second);
  const seen = ({ version, routes, health }: Snapshot) => ({ version, routes, health });
  for (const { followed } of processes) t.strictSame(followed.map(seen), [first, second].map(seen));
});

t.test('each worker begins with the keyring, and hears of each change', async (t) => {
  const { supervisor, started, clock } = makeScene(t, 2);
  const pairs = [namedPair('a.test'), namedPair('b.test')];
  supervisor.adoptKeyring(keyringOf(pairs.slice(1)));
  await supervisor.start([listenerOn()]);
  supervisor.adoptKeyring(keyringOf(pairs, { version: 2 }));
  started(0).die();
  await clock.advance(0);
  const [b, both] = [{ fresh: [[0, pairs[1]]] }, { fresh: [...pairs.entries()] }];
  t.match(started(1).received, [
    { kind: 'start', keyring: { pairs: b } },
    { kind: 'keyring', keyring: { version: 2, pairs: { fresh: [[0, pairs[0]]] } } },
  ]);
  t.match(started(2).received, [{ kind: 'start', keyring: { version: 2, pairs: both } }]);
});

t.test('a flip of health alone sends no routes', async (t) => {
  const { supervisor, started } = await startScene(t, 1);
  const first = makeSnapshot(1, [SERVED]);
  supervisor.apply(first);
  await settle();
  const { health } = makeSnapshot(2, [{ backends: [{ port: 80, flags: ['FailedCheck'] }] }]);
  const ill = { ...first, version: 2, health };
  supervisor.apply(ill);
  const [, whole, flip] = started(0).received;
  t.match(whole, { kind: 'snapshot', snapshot: { services: { fresh: [[0, { name: 'test' }]] } } });
  const nothing = { gone: [], fresh: [] };
  t.match(flip, { snapshot: { version: 2, services: nothing, routes: nothing } });
  t.strictSame(started(0).followed.at(-1), ill);
});

t.test('each worker has its share of what all together may do with a backend', async (t) => {
  const { supervisor, started } = await startScene(t, 3);
  const snapshot = makeSnapshot(1, [{ backends: [80, 81, 82] }]);
  const limits = [100, 2, undefined];
  const services = snapshot.services.map((service) => ({
    ...service,
    queue: { ...service.queue, size: 10 },
    backends: service.backends.map((backend, i) => {
      const maxConnections = limits[i];
      return maxConnections === undefined ? backend : { ...backend, maxConnections };
    }),
  }));
  supervisor.apply({ ...snapshot, services });
  const [service] = started(2).followed.at(-1)?.services ?? [];
  t.strictSame(
    service?.backends.map(({ maxConnections }) => maxConnections),
    [34, 1, undefined],
  );
  t.equal(service?.queue.size, 4);
});

t.test('a worker that is slow to follow gets the newest state next, and none of those between', async (t) => {
  const { supervisor, started } = await startScene(t, 1);
  started(0).doesApply = false;
  for (const version of [1, 2, 3, 4]) supervisor.apply(makeSnapshot(version, [SERVED]));
  started(0).applied();
  t.strictSame(
    started(0).followed.map(({ version }) => version),
    [0, 1, 4],
  );
});

t.test('it serves once every worker that takes connections follows', async (t) => {
  const { supervisor, started, processes } = await startScene(t, 2);
  t.equal(supervisor.isServing(0), true);
  started(1).doesApply = false;
  supervisor.apply(makeSnapshot(1, [SERVED]));
  await settle();
  t.equal(supervisor.isServing(1), false);
  started(1).applied();
  t.equal(supervisor.isServing(1), true);
  for (const process of processes) process.die();
  await settle();
  t.equal(supervisor.isServing(0), false, 'not without any');
});

t.test('a start without a worker that can begin fails with its reason', async (t) => {
  const failing = makeScene(t, 2, (process) => {
    process.isResponsive = false;
    queueMicrotask(() => {
      process.say({ kind: 'failed', message: 'no memory' });
      process.die('exit code 0');
    });
  });
  await t.rejects(failing.supervisor.start([listenerOn()]), { message: 'no memory' });
  await failing.clock.advance(60_000);
  t.equal(failing.processes.length, 2, 'and nothing is tried again');
});

t.test('a port that somebody has is refused with a sentence', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const { supervisor } = makeScene(t, 2);
  await t.rejects(supervisor.start([listenerOn(port)]), {
    message: `cannot listen on 127.0.0.1:${port} (http): another process listens there`,
  });
});

t.test('what workers have counted is summed, and is told by each', async (t) => {
  const { supervisor, started } = await startScene(t, 2);
  supervisor.apply(makeSnapshot(1, [SERVED]));
  started(0).stats = served(10, 3);
  started(1).stats = served(5, 1);
  await supervisor.refresh();
  const stats = supervisor.stats();
  t.equal(stats.services['test']?.codes[200], 15);
  t.equal(stats.services['test']?.codes.length, 600);
  t.equal(stats.services['test']?.durations[3], 15);
  t.match(stats.backends['test/80'], { requests: 15, failures: { reset: 2 }, inFlight: 4, idle: 2 });
  t.match(stats, { clientConnections: 4, clientConnectionsTotal: 15 });
  t.equal(stats.unrouted[404], 2);
  t.match(supervisor.workers(), [
    { worker: 1, pid: 1_000, state: 'serving', version: 1, connections: 3, requests: 11, cpuSeconds: 1_000 },
    { worker: 2, pid: 1_001, state: 'serving', version: 1, connections: 1, requests: 6, memoryBytes: 1_000 },
  ]);
});

t.test('a sum does not go back when a worker dies, but what it had open is gone', async (t) => {
  const { supervisor, started } = await startScene(t, 2);
  supervisor.apply(makeSnapshot(1, [SERVED]));
  started(0).stats = served(10, 3);
  started(1).stats = served(5, 1);
  await supervisor.refresh();
  started(0).die();
  await settle();
  await supervisor.refresh();
  const stats = supervisor.stats();
  t.equal(stats.services['test']?.codes[200], 15);
  t.match(stats.backends['test/80'], { requests: 15, inFlight: 1, idle: 1 });
  t.match(stats, { clientConnections: 1, clientConnectionsTotal: 15 });
  t.match(supervisor.slots(), [
    { worker: 1, requests: 11 },
    { worker: 2, requests: 6 },
  ]);
});

t.test('what a worker counts until it ends is in the sum', async (t) => {
  const { supervisor, started } = await startScene(t, 1);
  supervisor.apply(makeSnapshot(1, [SERVED]));
  started(0).stats = served(7);
  await supervisor.stop(5_000);
  t.equal(supervisor.stats().services['test']?.codes[200], 7);
});

t.test('counts of workers that are gone are forgotten with what they counted', async (t) => {
  const { supervisor, started } = await startScene(t, 1);
  supervisor.apply(makeSnapshot(1, [SERVED]));
  started(0).stats = served(10);
  await supervisor.refresh();
  started(0).die();
  await settle();
  supervisor.apply(makeSnapshot(2, [{ name: 'other', backends: [81] }]));
  t.strictSame(supervisor.stats().services, {});
  t.strictSame(supervisor.stats().backends, {});
});

t.test('whoever asks a worker that does not answer gets what is known', async (t) => {
  const { supervisor, started, clock } = await startScene(t, 2);
  started(0).isResponsive = false;
  started(1).stats = served(5);
  const refreshed = supervisor.refresh();
  await clock.advance(500);
  await refreshed;
  t.equal(supervisor.stats().services['test']?.codes[200], 5);
});

t.test('a stop tells every worker, and ends one that does not end in time', async (t) => {
  const { supervisor, started, clock } = await startScene(t, 2);
  started(1).isResponsive = false;
  let isStopped = false;
  const stopped = supervisor.stop(3_000).then(() => {
    isStopped = true;
  });
  t.equal(supervisor.isServing(0), false);
  await settle();
  t.same(started(1).received.at(-1), { kind: 'stop', graceMs: 3_000 });
  await clock.advance(4_900);
  t.equal(isStopped, false);
  await clock.advance(200);
  await stopped;
  await clock.advance(60_000);
  t.equal(clock.pending, 0, 'and nothing goes on');
});

t.test('what a worker learns of a backend goes up as it is', async (t) => {
  const heard: BackendSignal[] = [];
  const { started } = await startScene(t, 2, undefined, { onSignal: (signal) => heard.push(signal) });
  const signal = { kind: 'doubt', backendId: 'test/80' } as const;
  started(1).say({ kind: 'signal', signal });
  t.strictSame(heard, [signal]);
});

t.test('a worker that says nonsense is heard all the same when it says something', async (t) => {
  const scene = await startScene(t, 2);
  const before = internalErrors.counts['channel'] ?? 0;
  const process = scene.started(0);
  for (const nonsense of [null, undefined, { kind: 'report', stats: null }, { kind: 'report' }])
    process.say(nonsense as never);
  for (const harmless of [7, 'text', {}, { kind: 'nonsense' }, { kind: 'signal', signal: null }])
    process.say(harmless as never);
  t.ok((internalErrors.counts['channel'] ?? 0) >= before + 4);
  process.report();
  t.equal(scene.supervisor.workers().length, 2);
});
