import t from 'tap';
import type { ServiceSettings } from '../../src/model/service.ts';
import { deadPort, startBackend } from '../support/backend.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TestService } from '../support/proxy.ts';

const HOLD: ServiceSettings = { holdMs: 10_000 };

t.test(
  'a request waits for a backend to appear, where there is none at all or none that is well',
  async (t) => {
    const backend = await startBackend(t, 'anew');
    for (const before of [[], [{ port: backend.port, flags: ['Pending'] as const }]]) {
      const proxy = await startProxy(t, [{ settings: HOLD, backends: before }]);
      const answers = ['GET', 'POST'].map((method) =>
        ask(proxy.port, { method, ...(method === 'POST' && { body: 'x'.repeat(200_000) }) }),
      );
      await eventually('both wait', () => proxy.plane.stats().services['test']?.waiting === 2);
      proxy.apply({ settings: HOLD, backends: [backend.port] });
      for (const answer of await Promise.all(answers)) t.match(answer, { status: 200, body: 'anew' });
      t.match(proxy.plane.stats().services['test'], { waiting: 0, waited: 2, waitedInVain: 0 });
    }
  },
);

t.test(
  'a container that was killed and is not known to be gone yet: the request waits for the next',
  async (t) => {
    const dead = await deadPort();
    const proxy = await startProxy(t, [{ settings: { ...HOLD, retry: { attempts: 0 } }, backends: [dead] }]);
    const answer = ask(proxy.port, { method: 'POST', body: 'x' });
    await eventually('it waits', () => proxy.plane.stats().services['test']?.waiting === 1);
    // Others fail on the same one meanwhile.
    const another = ask(proxy.port);
    await eventually('they wait, too', () => proxy.plane.stats().services['test']?.waiting === 2);
    proxy.apply({ settings: HOLD, backends: [] });
    const backend = await startBackend(t, 'next');
    proxy.apply({ settings: HOLD, backends: [backend.port] });
    t.match(await answer, { status: 200, body: 'next' });
    t.match(await another, { status: 200, body: 'next' });
  },
);

t.test('a GET that was cut off by the kill waits as well, a POST does not', async (t) => {
  const old = await startBackend(t, 'old', () => {});
  const proxy = await startProxy(t, [{ settings: HOLD, backends: [old.port] }]);
  const [get, post] = ['GET', 'POST'].map((method) => ask(proxy.port, { method })) as [
    ReturnType<typeof ask>,
    ReturnType<typeof ask>,
  ];
  await eventually('both are running', () => old.requests.length === 2);
  await old.kill();
  t.equal((await post).status, 502);
  const next = await startBackend(t, 'next');
  proxy.apply({ settings: HOLD, backends: [next.port] });
  t.match(await get, { status: 200, body: 'next' });
  t.same(
    next.requests.map(({ method }) => method),
    ['GET'],
  );
});

t.test('who waited in vain gets the fallback, else 503', async (t) => {
  const spare = await startBackend(t, 'spare');
  const settings: ServiceSettings = { holdMs: 150, fallback: [{ kind: 'service', service: 'spare' }] };
  const proxy = await startProxy(t, [
    { settings, backends: [] },
    { name: 'plain', settings: { holdMs: 150 }, backends: [], routes: [{ host: 'plain.localhost' }] },
    { name: 'spare', backends: [spare.port], routes: [] },
  ]);
  t.match(await ask(proxy.port), { status: 200, body: 'spare' });
  const refused = await ask(proxy.port, { host: 'plain.localhost' });
  t.equal(refused.status, 503);
  t.ok(refused.headers['retry-after']);
  t.equal(proxy.plane.stats().services['plain']?.waitedInVain, 1);
});

t.test('only so many wait: the next gets 503 at once', async (t) => {
  const settings: ServiceSettings = { holdMs: 10_000, queue: { size: 3 } };
  const proxy = await startProxy(t, [{ settings, backends: [] }]);
  const answers = [0, 1, 2].map(() => ask(proxy.port));
  await eventually('three wait', () => proxy.plane.stats().services['test']?.waiting === 3);
  t.equal((await ask(proxy.port)).status, 503);
  const backend = await startBackend(t, 'late');
  proxy.apply({ settings, backends: [backend.port] });
  for (const answer of await Promise.all(answers)) t.equal(answer.status, 200);
});

t.test('a host whose route is gone lets its requests go', async (t) => {
  const proxy = await startProxy(t, [{ settings: HOLD, backends: [] }]);
  const answer = ask(proxy.port);
  await eventually('it waits', () => proxy.plane.stats().services['test']?.waiting === 1);
  proxy.apply();
  t.equal((await answer).status, 503);
});

t.test('the limit of the whole exchange ends the wait', async (t) => {
  const settings: ServiceSettings = { ...HOLD, timeouts: { requestMs: 150 } };
  const proxy = await startProxy(t, [{ settings, backends: [] }]);
  t.equal((await ask(proxy.port)).status, 504);
  t.equal(proxy.plane.stats().services['test']?.waiting, 0);
});

t.test('who is woken by a snapshot finds all of it', async (t) => {
  const standIn = await startBackend(t, 'stand-in');
  const settings: ServiceSettings = { ...HOLD, fallback: [{ kind: 'service', service: 'new' }] };
  const old: TestService = { name: 'old', routes: [{}], settings, backends: [] };
  const standingIn: TestService = { name: 'new', routes: [], backends: [standIn.port] };
  const noLonger: TestService = { ...old, settings: { ...settings, holdMs: 0 } };
  const out = { ...standingIn, backends: [{ port: standIn.port, flags: ['FailedCheck'] as const }] };
  const scenes: [string, TestService[], TestService[]][] = [
    ['a fallback that comes with it', [old], [noLonger, standingIn]],
    ['one whose backend is well with it', [old, out], [noLonger, standingIn]],
    ['one that comes when its service goes', [old], [standingIn]],
  ];
  for (const [name, before, after] of scenes) {
    // What stood first in the snapshot was woken first.
    const proxy = await startProxy(t, before.includes(out) ? [] : before);
    if (before.includes(out)) proxy.apply(...before);
    const answer = ask(proxy.port);
    await eventually('it waits', () => proxy.plane.stats().services['old']?.waiting === 1);
    proxy.apply(...after);
    t.match(await answer, { status: 200, body: 'stand-in' }, name);
  }
});
