import type { IncomingMessage, ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { startBackend, type TestBackend } from '../support/backend.ts';
import { type Answer, type AskOptions, ask, connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TestProxy, type TestService } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';

/** A backend that can be made to hang: it takes requests and connections, and sends nothing. */
interface Freezable extends TestBackend {
  freeze(): void;
  /** Answers what it held. */
  thaw(): void;
  /** Requests that it holds, as far as their clients still wait. */
  readonly held: ServerResponse[];
}

async function startFreezable(t: Test, name: string, isFrozen = false): Promise<Freezable> {
  const held: ServerResponse[] = [];
  const answer = (response: ServerResponse) => response.end(name);
  const backend = await startBackend(t, name, (request: IncomingMessage, response) => {
    request.resume();
    if (!isFrozen) return void answer(response);
    held.push(response);
    response.on('close', () => held.splice(held.indexOf(response), 1));
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

/** So many requests, one each few milliseconds. */
async function steady(proxy: TestProxy, count: number, options: AskOptions = {}): Promise<Answer[]> {
  const running: Promise<Answer>[] = [];
  for (let i = 0; i < count; i++) {
    running.push(ask(proxy.port, options));
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

t.test('a backend that hangs costs its requests a moment, and no later one anything', async (t) => {
  const { backends, proxy, stats } = await setUp(t);
  await steady(proxy, 60);
  backends[0].freeze();
  const answers = await steady(proxy, 200);
  t.ok(
    answers.every(({ status }) => status === 200),
    'all have their answers, and it hangs still',
  );
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

const countPosts = (backends: readonly TestBackend[]) =>
  backends.flatMap(({ requests }) => requests.filter(({ method }) => method === 'POST')).length;

t.test('a POST that it has already is not sent again, and later ones go elsewhere', async (t) => {
  const { backends, proxy } = await setUp(t);
  await steady(proxy, 30);
  backends[0].freeze();
  const running = steady(proxy, 100, { method: 'POST', body: 'x' });
  await eventually('all have arrived', () => countPosts(backends) === 100);
  await eventually('it is out', () => proxy.signals.some(({ kind }) => kind === 'ejected'));
  const held = backends[0].held.length;
  t.ok(held > 0 && held < 34, `${held} of 100 wait for it`);
  backends[0].thaw();
  t.ok((await running).every(({ status }) => status === 200));
  t.equal(countPosts(backends), 100, 'each was executed once');
  await eventually('it is back as soon as it is heard', () => proxy.signals.at(-1)?.kind === 'returned');
  t.ok((await steady(proxy, 12)).some(({ body }) => body === 'a'));
});

t.test('a slow request is no hang as long as others are answered', async (t) => {
  const fast = await startFreezable(t, 'fast');
  const reports: ServerResponse[] = [];
  const both = await startBackend(t, 'both', (request, response) => {
    request.resume();
    if (request.url === '/report') reports.push(response);
    else response.end('both');
  });
  const clock = new FakeClock();
  const proxy = await startProxy(t, [{ backends: [both.port, fast.port] }], {}, clock);
  const answers = [ask(proxy.port, { path: '/report' }), ask(proxy.port, { path: '/report' })];
  await eventually('one of them has it', () => reports.length === 1);
  // Every second page is from there.
  for (let ms = 0; ms < 3_000; ms += 25) {
    for (let i = 0; i < 2; i++) await ask(proxy.port);
    await clock.advance(25);
  }
  for (const report of reports) report.end('both');
  await Promise.all(answers);
  t.same(proxy.signals, []);
  t.equal(reports.length, 1);
});

t.test('one that is slow alone is waited for, once a probe has spoken for it', async (t) => {
  const clock = new FakeClock();
  const both = [await startFreezable(t, 'one', true), await startFreezable(t, 'two', true)];
  const proxy = await startProxy(t, [{ backends: both.map(({ port }) => port) }], {}, clock);
  const answer = ask(proxy.port);
  await eventually('it waits', () => both.some(({ held }) => held.length === 1));
  let proven = 0;
  for (let ms = 0; ms < 600; ms += 25) {
    await clock.advance(25);
    const asked = proxy.signals.filter(({ kind }) => kind === 'suspected').length;
    if (asked === proven) continue;
    proven = asked;
    // What the control plane would do, each time.
    const proof = { kind: 'life', at: clock.now() } as const;
    proxy.apply({ backends: both.map(({ port }) => ({ port, proof })) });
  }
  for (const backend of both) backend.thaw();
  t.equal((await answer).status, 200);
  t.equal(both.flatMap(({ requests }) => requests).length, 1, 'nobody else was asked');
  t.equal(proven, 3, 'it is asked for ever less often');
  t.notOk(proxy.signals.some(({ kind }) => kind === 'ejected'));
});

/** One request, whose answer comes after so long. */
async function askSlow(proxy: TestProxy, clock: FakeClock, backends: readonly Freezable[], ms: number) {
  const answer = ask(proxy.port);
  await eventually('a backend has it', () => backends.some(({ held }) => held.length === 1));
  await clock.advance(ms);
  for (const { held } of backends) for (const response of [...held]) response.end('slow');
  const { status } = await answer;
  await eventually('its end', () => backends.every(({ held }) => held.length === 0));
  return status;
}

t.test('what it usually takes is learned: a slow service is not suspected for being slow', async (t) => {
  const clock = new FakeClock();
  const both = [await startFreezable(t, 'one', true), await startFreezable(t, 'two', true)];
  const service = { backends: both.map(({ port }) => port), settings: { hedge: 'off' } } as const;
  const proxy = await startProxy(t, [service], {}, clock);
  for (let i = 0; i < 4; i++) await askSlow(proxy, clock, both, 300);
  const before = proxy.signals.length;
  t.ok(before > 0, 'at first it was');
  for (let i = 0; i < 4; i++) t.equal(await askSlow(proxy, clock, both, 300), 200);
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
  const clock = new FakeClock();
  const alone = await startFreezable(t, 'alone', true);
  const proxy = await startProxy(t, [{ backends: [alone.port] }], {}, clock);
  t.equal(await askSlow(proxy, clock, [alone], 5_000), 200);
  t.same(proxy.signals, []);
});

/** A request that waits for the first of two backends, the second one a backup, and that is tried there as well. */
async function hedgeToBackup(t: Test, second: TestBackend, settings: TestService['settings'] = {}) {
  const clock = new FakeClock();
  const first = await startFreezable(t, 'first', true);
  const backup = { port: second.port, backup: true };
  const proxy = await startProxy(t, [{ backends: [first.port, backup], settings }], {}, clock);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  await eventually('it waits', () => first.held.length === 1);
  fails(proxy, first.port, [backup], settings);
  await clock.advance(200);
  await eventually('the second attempt', () => second.requests.length === 1);
  return { first, proxy, client };
}

t.test('the answer of the first attempt is taken if it comes first after all', async (t) => {
  const second = await startFreezable(t, 'second', true);
  const { first, proxy, client } = await hedgeToBackup(t, second, { eject: { failures: 0 } });
  first.thaw();
  t.match(await responses(client, 1), [{ status: 200, body: 'first' }]);
  t.match(proxy.plane.stats().services['test'], { hedges: 1, hedgesWon: 0 });
  await eventually(
    'the second one is cancelled',
    () => proxy.plane.stats().backends[`test/${second.port}`]?.inFlight === 0,
  );
});

t.test('a client that goes away takes both attempts with it', async (t) => {
  const { proxy, client } = await hedgeToBackup(t, await startFreezable(t, 'second', true));
  client.socket.resetAndDestroy();
  await eventually('nothing is in flight', () =>
    Object.values(proxy.plane.stats().backends).every(({ inFlight }) => inFlight === 0),
  );
  t.equal(proxy.entries.at(-1)?.error, 'client-gone');
});

t.test('a second attempt that fails leaves the first one waiting', async (t) => {
  const second = await startBackend(t, 'second', (request) => void request.socket.resetAndDestroy());
  const { first, proxy, client } = await hedgeToBackup(t, second, { retry: { attempts: 1 } });
  await eventually(
    'its failure is known',
    () => proxy.plane.stats().backends[`test/${second.port}`]?.inFlight === 0,
  );
  t.equal(client.received, '');
  first.thaw();
  t.match(await responses(client, 1), [{ status: 200, body: 'first' }]);
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
  const clock = new FakeClock();
  const draining = await startFreezable(t, 'draining', true);
  const other = await startFreezable(t, 'other');
  const proxy = await startProxy(t, [{ backends: [draining.port] }], {}, clock);
  const answer = ask(proxy.port);
  await eventually('it has a request', () => draining.held.length === 1);
  proxy.apply({ backends: [{ port: draining.port, flags: ['Draining'] }, other.port] });
  await clock.advance(5_000);
  t.equal(proxy.plane.stats().services['test']?.hedges, 0);
  draining.thaw();
  t.match(await answer, { status: 200, body: 'draining' });
});

/** A backend with one thread: `/slow` keeps it from everything until it is thawed. */
async function startOneThread(t: Test, name: string): Promise<Freezable> {
  const backend = await startFreezable(t, name);
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
  const slow = ask(proxy.port, { path: '/slow' });
  const runs = () => backends.flatMap(({ requests }) => requests.filter(({ url }) => url === '/slow')).length;
  const thaw = () => {
    for (const backend of backends) backend.thaw();
  };
  return { backends, proxy, slow, runs, thaw };
}

/** So many pages that are asked for meanwhile, and how many of them have to wait until it is thawed. */
function askPages(proxy: TestProxy, count: number) {
  let answered = 0;
  const all = (async () => {
    const running: Promise<Answer>[] = [];
    for (let i = 0; i < count; i++) {
      running.push(ask(proxy.port, { path: '/page' }).finally(() => answered++));
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    return Promise.all(running);
  })();
  const untilWaiting = (most: number) =>
    eventually(`at most ${most} of ${count} wait`, () => count - answered <= most);
  return { all, untilWaiting };
}

t.test(
  'a page that keeps a thread busy runs on one more backend at most, and nobody waits for it',
  async (t) => {
    const { proxy, slow, runs, thaw } = await startSlow(t, ['a', 'b', 'c']);
    const { all, untilWaiting } = askPages(proxy, 200);
    await untilWaiting(3);
    t.ok(runs() <= 2, `it runs on ${runs()}`);
    thaw();
    t.equal((await slow).status, 200);
    t.ok((await all).every(({ status }) => status === 200));
  },
);

t.test('it is not given to the last backend that serves', async (t) => {
  const { proxy, slow, runs, thaw } = await startSlow(t, ['a', 'b']);
  const { all, untilWaiting } = askPages(proxy, 200);
  // Only those that may themselves be the reason.
  await untilWaiting(60);
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
