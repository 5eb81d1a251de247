import t, { type Test } from 'tap';
import type { ServiceSettings } from '../../src/model/service.ts';
import { startBackend } from '../support/backend.ts';
import { type AskOptions, ask } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { startProxy } from '../support/proxy.ts';

/** A proxy before backends that answer their names. */
async function startFleet(t: Test, count: number, settings: ServiceSettings, options = {}) {
  const backends = await Promise.all(Array.from({ length: count }, (_, i) => startBackend(t, `b${i}`)));
  const proxy = await startProxy(t, [{ settings, backends: backends.map(({ port }) => port) }], options);
  /** The backends that answer so many equal requests. */
  const answering = async (times: number, request: AskOptions = {}) => {
    const names = new Set<string>();
    for (let i = 0; i < times; i++) names.add((await ask(proxy.port, request)).body);
    return [...names];
  };
  return { proxy, backends, answering };
}

t.test('hash: a client stays on its backend, and others are elsewhere', async (t) => {
  const fleet = await startFleet(t, 4, { balance: 'hash' }, { trustedProxies: ['127.0.0.1/32'] });
  const homes = new Set<string>();
  // Ports are other ones each time, and so are the homes: of fewer clients none may be on one of the four.
  for (let i = 0; i < 60; i++) {
    const headers = { 'x-forwarded-for': `203.0.113.${i}` };
    const names = await fleet.answering(3, { headers });
    t.equal(names.length, 1);
    homes.add(names[0] as string);
  }
  t.equal(homes.size, 4);
  t.equal((await fleet.answering(5)).length, 1, 'without the header it is the address');
});

t.test('hash: by a header, a cookie or the path', async (t) => {
  const cases: [ServiceSettings, (i: number) => AskOptions][] = [
    [{ hash: { by: 'header', name: 'X-Tenant' } }, (i) => ({ headers: { 'x-tenant': `tenant ${i}` } })],
    [
      { hash: { by: 'cookie', name: 'id' } },
      (i) => ({ headers: { cookie: `other=${i % 2}; id=user-${i}` } }),
    ],
    [{ hash: { by: 'path' } }, (i) => ({ path: `/file-${i}?v=${i % 2}` })],
  ];
  for (const [settings, request] of cases) {
    const fleet = await startFleet(t, 3, settings);
    const homes = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const names = await fleet.answering(2, request(i));
      t.equal(names.length, 1);
      homes.add(names[0] as string);
    }
    t.equal(homes.size, 3);
  }
});

t.test('hash: a query does not change the path, and a retry goes to the same next backend', async (t) => {
  const fleet = await startFleet(t, 3, { hash: { by: 'path' } });
  const names = new Set(await fleet.answering(1, { path: '/a' }));
  for (let i = 0; i < 5; i++) names.add((await fleet.answering(1, { path: `/a?q=${i}` }))[0] as string);
  t.equal(names.size, 1);
  await fleet.backends[Number([...names][0]?.slice(1))]?.kill();
  const next = await fleet.answering(6, { path: '/a' });
  t.equal(next.length, 1);
  t.notOk(names.has(next[0] as string));
});

t.test(
  'peak-ewma: one that is slow, or fails at once, gets a first request and then next to none',
  async (t) => {
    const bad = {
      slow: await startBackend(t, 'slow', (_request, response) => {
        setTimeout(() => response.end('slow'), 150);
      }),
      failing: await startBackend(t, 'failing', (_request, response) => {
        response.statusCode = 500;
        response.end('failing');
      }),
    };
    for (const [name, { port, requests }] of Object.entries(bad)) {
      const good = await startBackend(t, 'good');
      const settings: ServiceSettings = { balance: 'peak-ewma' };
      const proxy = await startProxy(t, [{ settings, backends: [good.port, port] }]);
      for (let i = 0; i < 100; i++) await ask(proxy.port);
      t.ok(requests.length >= 1 && requests.length <= 3, `${name} got ${requests.length}`);
      t.equal(good.requests.length, 100 - requests.length);
    }
  },
);

t.test('slow start: a backend that joins others gets a little at first, and then its share', async (t) => {
  const [old, older, fresh] = await Promise.all(
    ['old', 'older', 'fresh'].map((name) => startBackend(t, name)),
  );
  if (old === undefined || older === undefined || fresh === undefined) throw new Error('no backends');
  const clock = new FakeClock();
  const settings: ServiceSettings = { slowStartMs: 30_000 };
  const proxy = await startProxy(t, [{ settings, backends: [old.port, older.port] }], {}, clock);
  const got = async () => {
    const before = fresh.requests.length;
    for (let i = 0; i < 63; i++) await ask(proxy.port);
    return fresh.requests.length - before;
  };
  await clock.advance(30_000);
  proxy.apply({ settings, backends: [old.port, older.port, fresh.port] });
  t.equal(await got(), 3);
  await clock.advance(30_000);
  t.equal(await got(), 21);
});
