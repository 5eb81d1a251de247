import type { IncomingMessage, ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { startBackend, type TestBackend } from '../support/backend.ts';
import { type Answer, type AskOptions, ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TestProxy, type TestService } from '../support/proxy.ts';

/** A backend that can be made to hang: it takes requests and connections, and sends nothing. */
interface Freezable extends TestBackend {
  freeze(): void;
  /** Answers what it held. */
  thaw(): void;
  /** Requests that it holds, as far as their clients still wait. */
  readonly held: ServerResponse[];
}

async function startFreezable(t: Test, name: string, answerMs = 2): Promise<Freezable> {
  let isFrozen = false;
  const held: ServerResponse[] = [];
  const answer = (response: ServerResponse) => response.end(name);
  const backend = await startBackend(t, name, (request: IncomingMessage, response) => {
    request.resume();
    const timer = setTimeout(() => {
      if (!isFrozen) return void answer(response);
      held.push(response);
      response.on('close', () => held.splice(held.indexOf(response), 1));
    }, answerMs);
    timer.unref();
  });
  return Object.assign(backend, {
    held,
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      isFrozen = false;
      for (const response of [...held]) answer(response);
    },
  });
}

/** Three backends of which any can be frozen, and a proxy whose backends' lives nobody vouches for. */
async function setUp(t: Test, settings: TestService['settings'] = {}) {
  const backends = [
    await startFreezable(t, 'a'),
    await startFreezable(t, 'b'),
    await startFreezable(t, 'c'),
  ] as const;
  const service = { backends: backends.map(({ port }) => port), settings };
  const proxy = await startProxy(t, [service]);
  const stats = () => proxy.plane.stats().services['test'];
  return { backends, service, proxy, stats };
}

interface Timed extends Answer {
  readonly ms: number;
}

async function timed(proxy: TestProxy, options: AskOptions = {}): Promise<Timed> {
  const began = performance.now();
  const answer = await ask(proxy.port, options);
  return { ...answer, ms: performance.now() - began };
}

/** So many requests, one each few milliseconds. */
async function steady(proxy: TestProxy, count: number, options: AskOptions = {}): Promise<Timed[]> {
  const running: Promise<Timed>[] = [];
  for (let i = 0; i < count; i++) {
    running.push(timed(proxy, options));
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return Promise.all(running);
}

/** Says of a backend that its check fails: then its requests may be tried on the only other one. */
function fails(
  proxy: TestProxy,
  port: number,
  others: TestService['backends'],
  settings: TestService['settings'] = {},
): void {
  proxy.apply({ backends: [{ port, flags: ['FailedCheck'] }, ...others], settings });
}

const slowest = (answers: readonly Timed[]) => Math.max(...answers.map(({ ms }) => ms));

t.test('a backend that hangs costs its requests a moment, and no later one anything', async (t) => {
  const { backends, proxy, stats } = await setUp(t);
  await steady(proxy, 60);
  backends[0].freeze();
  const answers = await steady(proxy, 200);
  t.ok(answers.every(({ status }) => status === 200));
  t.ok(slowest(answers) < 1_000, `the slowest took ${slowest(answers)} ms, not until it thaws`);
  t.ok((stats()?.hedges ?? 0) > 0);
  t.equal(stats()?.hedges, stats()?.hedgesWon);
  t.match(
    proxy.signals.filter(({ kind }) => kind !== 'returned'),
    [
      { kind: 'suspected', backendId: `test/${backends[0].port}` },
      {
        kind: 'ejected',
        cause: 'hang',
        proof: 'life',
        reason: /^sent nothing for \d+ ms with \d+ requests? waiting$/,
      },
    ],
  );
  await eventually('the first attempts are cancelled', () => backends[0].held.length === 0);
  t.same(
    await Promise.all((await steady(proxy, 20)).map(({ body }) => body === 'a')),
    new Array(20).fill(false),
  );
});

t.test('a POST that it has already is not sent again, and later ones go elsewhere', async (t) => {
  const { backends, proxy } = await setUp(t);
  await steady(proxy, 30);
  backends[0].freeze();
  const running: Promise<Timed>[] = [];
  for (let i = 0; i < 100; i++) {
    running.push(timed(proxy, { method: 'POST', body: 'x' }));
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  await eventually('it is out', () => proxy.signals.some(({ kind }) => kind === 'ejected'));
  const held = backends[0].held.length;
  t.ok(held > 0 && held < 34, `${held} of 100 wait for it`);
  backends[0].thaw();
  const answers = await Promise.all(running);
  t.ok(answers.every(({ status }) => status === 200));
  const posts = backends.flatMap(({ requests }) => requests.filter(({ method }) => method === 'POST'));
  t.equal(posts.length, 100, 'each was executed once');
  await eventually('it is back as soon as it is heard', () => proxy.signals.at(-1)?.kind === 'returned');
  t.ok((await steady(proxy, 12)).some(({ body }) => body === 'a'));
});

t.test('a slow request is no hang as long as others are answered', async (t) => {
  const fast = await startFreezable(t, 'fast');
  const both = await startBackend(t, 'both', (request, response) => {
    request.resume();
    setTimeout(() => response.end('both'), request.url === '/report' ? 700 : 2);
  });
  const proxy = await startProxy(t, [{ backends: [both.port, fast.port] }]);
  const reports = [timed(proxy, { path: '/report' }), timed(proxy, { path: '/report' })];
  await steady(proxy, 150);
  await Promise.all(reports);
  t.same(proxy.signals, []);
  t.equal(both.requests.filter(({ url }) => url === '/report').length, 1);
});

t.test('one that is slow alone is waited for, once a probe has spoken for it', async (t) => {
  const [one, two] = [await startFreezable(t, 'one', 600), await startFreezable(t, 'two', 600)];
  const backends = [one.port, two.port];
  const proxy = await startProxy(t, [{ backends }]);
  const answer = timed(proxy);
  // What the control plane would do, each time.
  let proven = 0;
  const timer = setInterval(() => {
    const asked = proxy.signals.filter(({ kind }) => kind === 'suspected').length;
    if (asked === proven) return;
    proven = asked;
    const proof = { kind: 'life', at: Date.now() } as const;
    proxy.apply({ backends: backends.map((port) => ({ port, proof })) });
  }, 2);
  t.teardown(() => clearInterval(timer));
  t.equal((await answer).status, 200);
  t.equal(one.requests.length + two.requests.length, 1, 'nobody else was asked');
  t.ok(proven >= 1 && proven <= 4, `asked ${proven} times, and ever less often`);
  t.notOk(proxy.signals.some(({ kind }) => kind === 'ejected'));
});

t.test('what it usually takes is learned: a slow service is not suspected for being slow', async (t) => {
  const [one, two] = [await startFreezable(t, 'one', 300), await startFreezable(t, 'two', 300)];
  const proxy = await startProxy(t, [{ backends: [one.port, two.port], settings: { hedge: 'off' } }]);
  for (let i = 0; i < 4; i++) await timed(proxy);
  const before = proxy.signals.length;
  for (let i = 0; i < 4; i++) t.equal((await timed(proxy)).status, 200);
  t.equal(proxy.signals.length, before);
});

t.test('hedge=off leaves requests where they are, and the hung backend out', async (t) => {
  const { backends, proxy, stats } = await setUp(t, { hedge: 'off' });
  await steady(proxy, 30);
  backends[0].freeze();
  const waiting = steady(proxy, 60);
  await eventually('it is out', () => proxy.signals.some(({ kind }) => kind === 'ejected'));
  t.equal(stats()?.hedges, 0);
  backends[0].thaw();
  t.ok((await waiting).every(({ status }) => status === 200));
});

t.test('with one backend nothing is suspected', async (t) => {
  const alone = await startFreezable(t, 'alone', 500);
  const proxy = await startProxy(t, [{ backends: [alone.port] }]);
  t.equal((await timed(proxy)).body, 'alone');
  t.same(proxy.signals, []);
});

t.test('the answer of the first attempt is taken if it comes first after all', async (t) => {
  const first = await startFreezable(t, 'first');
  const second = await startFreezable(t, 'second', 5_000);
  const settings = { eject: { failures: 0 } };
  const proxy = await startProxy(t, [
    { backends: [first.port, { port: second.port, backup: true }], settings },
  ]);
  await timed(proxy);
  first.freeze();
  const answer = timed(proxy);
  await eventually('it waits', () => first.held.length === 1);
  fails(proxy, first.port, [{ port: second.port, backup: true }], settings);
  await eventually('the second attempt', () => second.requests.length === 1);
  first.thaw();
  t.equal((await answer).body, 'first');
  t.match(proxy.plane.stats().services['test'], { hedges: 1, hedgesWon: 0 });
  await eventually(
    'the second one is cancelled',
    () => proxy.plane.stats().backends[`test/${second.port}`]?.inFlight === 0,
  );
});

t.test('a client that goes away takes both attempts with it', async (t) => {
  const [first, second] = [await startFreezable(t, 'first'), await startFreezable(t, 'second', 60_000)];
  const proxy = await startProxy(t, [{ backends: [first.port, { port: second.port, backup: true }] }]);
  await timed(proxy);
  first.freeze();
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  await eventually('it waits', () => first.held.length === 1);
  fails(proxy, first.port, [{ port: second.port, backup: true }]);
  await eventually('the second attempt', () => second.requests.length === 1);
  client.socket.destroy();
  await eventually('nothing is in flight', () =>
    Object.values(proxy.plane.stats().backends).every(({ inFlight }) => inFlight === 0),
  );
  t.equal(proxy.entries.at(-1)?.error, 'client-gone');
});

t.test('a second attempt that fails leaves the first one waiting', async (t) => {
  const first = await startFreezable(t, 'first');
  const second = await startBackend(t, 'second', (request) => void request.socket.resetAndDestroy());
  const settings = { retry: { attempts: 1 } };
  const proxy = await startProxy(t, [
    { backends: [first.port, { port: second.port, backup: true }], settings },
  ]);
  await timed(proxy);
  first.freeze();
  const answer = timed(proxy);
  await eventually('it waits', () => first.held.length === 1);
  fails(proxy, first.port, [{ port: second.port, backup: true }], settings);
  await eventually('the second attempt', () => second.requests.length === 1);
  first.thaw();
  t.match(await answer, { status: 200, body: 'first' });
});

t.test('what waits for a backend that was found paused is tried elsewhere, too', async (t) => {
  const { backends, service, proxy, stats } = await setUp(t);
  await steady(proxy, 30);
  backends[0].freeze();
  const answers = steady(proxy, 12);
  await eventually('it has a request', () => backends[0].held.length > 0);
  const [paused, ...others] = service.backends;
  proxy.apply({ backends: [{ port: paused as number, flags: ['FailedCheck'] }, ...others] });
  t.ok((await answers).every(({ status }) => status === 200));
  t.ok((stats()?.hedges ?? 0) > 0);
  t.notOk(
    proxy.signals.some(({ kind }) => kind === 'ejected'),
    'it is out already',
  );
});

t.test('one that drains has its own time', async (t) => {
  const { backends, service, proxy, stats } = await setUp(t);
  backends[0].freeze();
  const answers = steady(proxy, 6);
  await eventually('it has a request', () => backends[0].held.length > 0);
  const [draining, ...others] = service.backends;
  proxy.apply({ backends: [{ port: draining as number, flags: ['Draining'] }, ...others] });
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(stats()?.hedges, 0);
  backends[0].thaw();
  t.ok((await answers).every(({ status }) => status === 200));
});

/** A backend with one thread: `/slow` keeps it from everything until it is thawed. */
async function startOneThread(t: Test, name: string): Promise<Freezable> {
  const backend = await startFreezable(t, name, 0);
  backend.server.prependListener('request', ({ url }: IncomingMessage) => {
    if (url === '/slow') backend.freeze();
  });
  return backend;
}

/** Backends with one thread, one of which works on `/slow`, which began among other requests. */
async function startSlow(t: Test, names: readonly string[]) {
  const backends = await Promise.all(names.map((name) => startOneThread(t, name)));
  const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port) }]);
  await steady(proxy, 30, { path: '/page' });
  const slow = timed(proxy, { path: '/slow' });
  const runs = () => backends.flatMap(({ requests }) => requests.filter(({ url }) => url === '/slow')).length;
  const thaw = () => {
    for (const backend of backends) backend.thaw();
  };
  return { backends, proxy, slow, runs, thaw };
}

/** How many of so many pages that are asked for meanwhile have to wait until it is thawed. */
async function countWaiting(
  proxy: TestProxy,
  count: number,
): Promise<{ waiting: number; all: Promise<Timed[]> }> {
  let waiting = 0;
  const all: Promise<Timed>[] = [];
  for (let i = 0; i < count; i++) {
    waiting++;
    all.push(timed(proxy, { path: '/page' }).finally(() => waiting--));
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { waiting, all: Promise.all(all) };
}

t.test(
  'a page that keeps a thread busy runs on one more backend at most, and nobody waits for it',
  async (t) => {
    const { proxy, slow, runs, thaw } = await startSlow(t, ['a', 'b', 'c']);
    const { waiting, all } = await countWaiting(proxy, 200);
    t.ok(waiting <= 3, `${waiting} of 200 wait`);
    t.ok(runs() <= 2, `it runs on ${runs()}`);
    thaw();
    t.equal((await slow).status, 200);
    t.ok((await all).every(({ status }) => status === 200));
  },
);

t.test('it is not given to the last backend that serves', async (t) => {
  const { proxy, slow, runs, thaw } = await startSlow(t, ['a', 'b']);
  const { waiting, all } = await countWaiting(proxy, 200);
  t.ok(waiting <= 60, `${waiting} of 200 wait: only those that may themselves be the reason`);
  t.equal(runs(), 1);
  thaw();
  t.equal((await slow).status, 200);
  t.ok((await all).every(({ status }) => status === 200));
});

t.test(
  'a backend that was given such a page gets others again when a probe shows that it lives',
  async (t) => {
    const { backends, proxy, slow, runs, thaw } = await startSlow(t, ['a', 'b', 'c']);
    await eventually('it is tried', () => runs() === 2);
    const second = proxy.signals.filter(({ kind }) => kind === 'suspected').at(-1);
    const served = async () =>
      new Set((await steady(proxy, 12, { path: '/page' })).map(({ body }) => body)).size;
    t.equal(await served(), 1);
    for (const backend of backends) if (`test/${backend.port}` === second?.backendId) backend.thaw();
    const proof = { kind: 'life', at: Date.now() } as const;
    proxy.apply({
      backends: backends.map(({ port }) => (`test/${port}` === second?.backendId ? { port, proof } : port)),
    });
    t.equal(await served(), 2);
    thaw();
    t.equal((await slow).status, 200);
  },
);
