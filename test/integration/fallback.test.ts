import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Fallback } from '../../src/model/service.ts';
import { deadPort, startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { startProxy, type TestService } from '../support/proxy.ts';
import { exchange } from '../support/responses.ts';

/** A service without backends, and what answers instead. */
const down = (
  name: string,
  fallback: Fallback | Fallback[],
  more: Partial<TestService> = {},
): TestService => ({
  name,
  backends: [],
  routes: [],
  settings: { fallback: [fallback].flat() },
  ...more,
});
const ROUTED = { routes: [{}] };

t.test('another service answers when no backend is available, or none can be reached', async (t) => {
  const spare = await startBackend(t, 'spare');
  for (const backends of [[], [await deadPort(), await deadPort()]]) {
    const proxy = await startProxy(t, [
      down('shop', { kind: 'service', service: 'spare' }, { ...ROUTED, backends }),
      { name: 'spare', backends: [spare.port], routes: [] },
    ]);
    for (const method of ['GET', 'POST']) {
      const answer = await ask(proxy.port, { method, ...(method === 'POST' && { body: 'x' }) });
      t.match(answer, { status: 200, body: 'spare' });
    }
    t.equal(proxy.plane.stats().services['shop']?.fallbacks, 2);
    t.same(
      proxy.entries.map(({ service, status }) => [service, status]),
      [
        ['spare', 200],
        ['spare', 200],
      ],
    );
  }
});

t.test('a backend that answers, or fails later, is no reason to fall back', async (t) => {
  const spare = await startBackend(t, 'spare');
  const bad = await startBackend(t, 'bad', (_request, response) => {
    response.statusCode = 503;
    response.end('own');
  });
  const resetting = await startBackend(t, 'resetting', (request) => request.socket.resetAndDestroy());
  for (const [port, status] of [
    [bad.port, 503],
    [resetting.port, 502],
  ] as const) {
    const proxy = await startProxy(t, [
      down('shop', { kind: 'service', service: 'spare' }, { ...ROUTED, backends: [port] }),
      { name: 'spare', backends: [spare.port], routes: [] },
    ]);
    t.equal((await ask(proxy.port)).status, status);
  }
  t.equal(spare.requests.length, 0);
});

t.test('fallbacks that lead in a circle, or nowhere, end with an error', async (t) => {
  const to = (service: string): Fallback => ({ kind: 'service', service });
  for (const services of [
    [down('a', to('a'), ROUTED)],
    [down('a', to('b'), ROUTED), down('b', to('c')), down('c', to('a'))],
    [down('a', to('nobody'), ROUTED)],
  ]) {
    const proxy = await startProxy(t, services);
    const answer = await ask(proxy.port);
    t.equal(answer.status, 503);
    t.ok(answer.headers['retry-after']);
    t.equal(proxy.entries.length, 1);
  }
});

t.test('a chain of services is followed to one that answers', async (t) => {
  const last = await startBackend(t, 'last');
  const proxy = await startProxy(t, [
    down('a', { kind: 'service', service: 'b' }, ROUTED),
    down('b', { kind: 'service', service: 'c' }),
    { name: 'c', backends: [last.port], routes: [] },
  ]);
  t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).body, 'last');
});

t.test('a status of the operator’s choice', async (t) => {
  const proxy = await startProxy(t, [down('a', { kind: 'status', status: 418 }, ROUTED)]);
  const client = await connectRaw(t, proxy.port);
  for (let i = 0; i < 2; i++) {
    const get = 'GET / HTTP/1.1\r\nHost: test.localhost\r\nAccept: application/json\r\n\r\n';
    const { status, body } = await exchange(client, get);
    t.equal(status, 418);
    t.equal(JSON.parse(body).status, 418);
  }
  t.equal(proxy.plane.stats().services['a']?.codes[418], 2);
});

t.test('a page of the operator’s, read anew when something changed', async (t) => {
  const pages = t.testdir({ 'sorry.html': '<h1>Sorry</h1>' });
  const service = down('a', { kind: 'page', file: 'sorry.html' }, ROUTED);
  const proxy = await startProxy(t, [service], { pages });
  const answer = await ask(proxy.port);
  t.match(answer, { status: 503, body: '<h1>Sorry</h1>' });
  t.match(answer.headers['content-type'], 'text/html');
  t.ok(answer.headers['retry-after']);
  writeFileSync(join(pages, 'sorry.html'), '<h1>Back soon</h1>');
  proxy.apply(service);
  t.equal((await ask(proxy.port)).body, '<h1>Back soon</h1>');
});

t.test('a page that is missing leaves a plain 503', async (t) => {
  const proxy = await startProxy(t, [down('a', { kind: 'page', file: 'none.html' }, ROUTED)], {
    pages: t.testdir(),
  });
  t.match(await ask(proxy.port), { status: 503, body: /^503 / });
});

t.test('without a fallback the client is told what is wrong', async (t) => {
  const proxy = await startProxy(t, [{ backends: [await deadPort()] }]);
  t.equal((await ask(proxy.port)).status, 502);
});

t.test('of a list each is asked when the one before it has no answer, and the last is a page', async (t) => {
  const pages = t.testdir({ 'sorry.html': 'sorry' });
  const c = await startBackend(t, 'c');
  const dead = await deadPort();
  const chain: Fallback[] = [
    { kind: 'service', service: 'nobody' },
    { kind: 'service', service: 'b' },
    { kind: 'url', url: `http://127.0.0.1:${dead}/` },
    { kind: 'service', service: 'c' },
    { kind: 'page', file: 'sorry.html' },
  ];
  const services = (last: number): TestService[] => [
    down('a', chain, ROUTED),
    { name: 'b', backends: [dead], routes: [] },
    { name: 'c', backends: [last], routes: [] },
  ];
  const proxy = await startProxy(t, services(c.port), { pages });
  t.match(await ask(proxy.port), { status: 200, body: 'c' });
  proxy.apply(...services(dead));
  for (const method of ['GET', 'POST']) {
    const answer = await ask(proxy.port, { method, ...(method === 'POST' && { body: 'x' }) });
    t.match(answer, { status: 503, body: 'sorry' }, method);
  }
});

t.test('the list of a service that stands in comes before the rest of the first one', async (t) => {
  const pages = t.testdir({ 'of-a.html': 'of a', 'of-b.html': 'of b' });
  const page = (file: string): Fallback => ({ kind: 'page', file });
  const proxy = await startProxy(
    t,
    [
      down('a', [{ kind: 'service', service: 'b' }, page('of-a.html')], ROUTED),
      down('b', [{ kind: 'service', service: 'a' }, page('of-b.html')]),
    ],
    { pages },
  );
  t.equal((await ask(proxy.port)).body, 'of b');
});

t.test('a circle of services ends at the page behind it', async (t) => {
  const pages = t.testdir({ 'end.html': 'the end' });
  const to = (service: string): Fallback => ({ kind: 'service', service });
  const proxy = await startProxy(
    t,
    [
      down('a', [to('b'), { kind: 'page', file: 'end.html' }], ROUTED),
      down('b', to('c')),
      down('c', to('a')),
    ],
    { pages },
  );
  t.match(await ask(proxy.port), { status: 503, body: 'the end' });
});

t.test('a POST that another address may have taken is not sent on, but gets its page', async (t) => {
  const pages = t.testdir({ 'end.html': 'the end' });
  const spare = await startBackend(t, 'spare');
  const taking = await startBackend(t, 'taking', (request) => request.socket.resetAndDestroy());
  const chain: Fallback[] = [
    { kind: 'url', url: `http://127.0.0.1:${taking.port}/` },
    { kind: 'service', service: 'spare' },
    { kind: 'page', file: 'end.html' },
  ];
  const proxy = await startProxy(
    t,
    [down('a', chain, ROUTED), { name: 'spare', backends: [spare.port], routes: [] }],
    { pages },
  );
  t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).body, 'the end');
  t.equal(spare.requests.length, 0);
  t.equal((await ask(proxy.port)).body, 'spare', 'a GET is');
});
