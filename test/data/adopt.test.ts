import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type IpRange, parseIpRange } from '../../src/model/ip.ts';
import { startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, TEST_OPTIONS } from '../support/proxy.ts';

const adopted = (options: object) => ({ ...TEST_OPTIONS, ...options });

t.test('a new limit of heads holds for connections that are open, too', async (t) => {
  const backend = await startBackend(t, 'a');
  const { port, plane } = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, port);
  const request = `GET / HTTP/1.1\r\nHost: test.localhost\r\nX-Long: ${'x'.repeat(2_000)}\r\n\r\n`;
  client.send(request);
  await client.until((got) => got.endsWith('a'), 'the answer');
  plane.adopt(adopted({ maxHeaderSize: 1_024 }), undefined);
  client.send(request);
  t.match(await client.until((got) => got.includes('HTTP/1.1 431 '), 'the refusal'), /^HTTP\/1\.1 200 /);
});

t.test('what is lowered below what is there cuts nobody', async (t) => {
  const backend = await startBackend(t, 'a');
  const { port, plane } = await startProxy(t, [{ backends: [backend.port] }]);
  const clients = [await connectRaw(t, port), await connectRaw(t, port), await connectRaw(t, port)];
  const answered = () =>
    Promise.all(clients.map((client) => client.until((got) => got.endsWith('a'), 'the answer')));
  for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  await answered();
  plane.adopt(adopted({ maxConnections: 1, maxConnectionsPerClient: 1 }), undefined);
  for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  await answered();
  t.equal(plane.stats().clientConnections, 3);
  t.equal((await ask(port)).status, 503, 'and the next one finds it full');
  plane.adopt(adopted({ maxConnections: 10 }), undefined);
  t.equal((await ask(port)).status, 200);
});

t.test('who is idle has the new time, counted from when it began to be', async (t) => {
  const clock = new FakeClock();
  const { port, plane } = await startProxy(t, [{ backends: [1] }], { idleTimeout: 75_000 }, clock);
  await connectRaw(t, port);
  await eventually('it is there', () => plane.stats().clientConnections === 1);
  await clock.advance(8_000);
  plane.adopt(adopted({ idleTimeout: 10_000 }), undefined);
  await clock.advance(1_000);
  t.equal(plane.stats().clientConnections, 1);
  await clock.advance(1_500);
  await eventually('it is closed', () => plane.stats().clientConnections === 0);
});

t.test('another trusted proxy is believed by the next connection', async (t) => {
  const backend = await startBackend(t, 'a');
  const { port, plane, entries } = await startProxy(t, [{ backends: [backend.port] }]);
  const headers = { 'x-forwarded-for': '192.0.2.7' };
  await ask(port, { headers });
  const onAccess = entries.push.bind(entries) as (entry: (typeof entries)[number]) => void;
  plane.adopt(adopted({ trustedProxies: ['127.0.0.0/8'] }), onAccess);
  await ask(port, { headers });
  plane.adopt(adopted({}), onAccess);
  await ask(port, { headers });
  t.strictSame(
    entries.map(({ client }) => client),
    ['127.0.0.1', '192.0.2.7', '127.0.0.1'],
  );
});

t.test('pages come of another folder, and fallbacks lead where they may now', async (t) => {
  const site = await startBackend(t, 'site');
  const folder = t.testdir({ one: {}, two: {} });
  for (const name of ['one', 'two']) writeFileSync(join(folder, name, 'p.html'), name);
  const page = {
    name: 'p',
    routes: [{ host: 'page' }],
    settings: { fallback: [{ kind: 'page', file: 'p.html' }] },
    backends: [],
  } as const;
  const url = {
    name: 'u',
    routes: [{ host: 'url' }],
    settings: { fallback: [{ kind: 'url', url: `http://127.0.0.1:${site.port}/` }] },
    backends: [],
  } as const;
  const nowhere = { listeners: [], allowed: [], local: () => [] };
  const local = { ...nowhere, allowed: [parseIpRange('127.0.0.0/8') as IpRange] };
  const before = { pages: join(folder, 'one'), border: nowhere };
  const { port, plane } = await startProxy(t, [page, url], before);
  const found = async () => [
    (await ask(port, { host: 'page' })).body,
    (await ask(port, { host: 'url' })).status,
  ];
  t.strictSame(await found(), ['one', 502]);
  plane.adopt(adopted({ pages: join(folder, 'two'), border: local }), undefined);
  t.strictSame(await found(), ['two', 200]);
  plane.adopt(adopted(before), undefined);
  t.strictSame(await found(), ['one', 502]);
});

t.test('the access log begins and ends with the option', async (t) => {
  const backend = await startBackend(t, 'a');
  const { port, plane, entries } = await startProxy(t, [{ backends: [backend.port] }]);
  const late: string[] = [];
  await ask(port, { path: '/1' });
  plane.adopt(TEST_OPTIONS, undefined);
  await ask(port, { path: '/2' });
  plane.adopt(TEST_OPTIONS, ({ target }) => late.push(target));
  await ask(port, { path: '/3' });
  t.strictSame([entries.map(({ target }) => target), late], [['/1'], ['/3']]);
});
