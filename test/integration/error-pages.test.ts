import t, { type Test } from 'tap';
import type { ErrorPage, ServiceSettings } from '../../src/model/service.ts';
import { deadPort, startBackend } from '../support/backend.ts';
import { ask } from '../support/client.ts';
import { startProxy } from '../support/proxy.ts';

const PAGES: ErrorPage[] = [
  { status: [404, 404], file: 'missing.html' },
  { status: [500, 599], file: '{status}.html' },
];

/** A proxy with pages before a backend that answers with the status of the path. */
async function startPaged(t: Test, more: ServiceSettings = {}) {
  const backend = await startBackend(t, 'b', (request, response) => {
    response.statusCode = Number(request.url?.slice(1));
    response.setHeader('x-own', 'yes');
    response.end('own');
  });
  const pages = t.testdir({ 'missing.html': 'no such thing', '503.html': 'soon', '502.html': 'broken' });
  const settings = { errorPages: PAGES, ...more };
  const proxy = await startProxy(t, [{ settings, backends: [backend.port] }], { pages });
  return { proxy, backend, settings };
}

t.test('a page takes the place of a response with its status, which stays', async (t) => {
  const { proxy, backend } = await startPaged(t);
  for (const [status, body] of [
    [404, 'no such thing'],
    [503, 'soon'],
  ] as const) {
    const answer = await ask(proxy.port, { path: `/${status}` });
    t.match(answer, { status, body, headers: { 'content-type': 'text/html; charset=utf-8' } });
    t.equal(answer.headers['x-own'], undefined);
    t.match(proxy.entries.at(-1), { status, service: 'test', backend: `backend-${backend.port}` });
  }
  const head = await ask(proxy.port, { path: '/404', method: 'HEAD' });
  t.match(head, { status: 404, body: '' });
});

t.test('other statuses, and a page that is missing, leave the response as it is', async (t) => {
  const { proxy } = await startPaged(t);
  for (const status of [200, 400, 500]) {
    const answer = await ask(proxy.port, { path: `/${status}` });
    t.match(answer, { status, body: 'own', headers: { 'x-own': 'yes' } });
  }
});

t.test('Fairlead’s own errors have the same pages', async (t) => {
  const { proxy, settings } = await startPaged(t);
  proxy.apply({ settings, backends: [await deadPort()] });
  t.match(await ask(proxy.port), { status: 502, body: 'broken' });
  proxy.apply({ settings, backends: [] });
  const answer = await ask(proxy.port);
  t.match(answer, { status: 503, body: 'soon' });
  t.ok(answer.headers['retry-after']);
});

t.test('what is tried again, or falls back, shows no page', async (t) => {
  const spare = await startBackend(t, 'spare');
  const { proxy, backend, settings } = await startPaged(t, {
    retry: { on: { reset: true, timeout: true, status: [[503, 503]] } },
  });
  proxy.apply({ settings, backends: [backend.port, spare.port] });
  for (let i = 0; i < 4; i++) t.equal((await ask(proxy.port, { path: '/503' })).body, 'spare');
  proxy.apply(
    { settings: { ...settings, fallback: [{ kind: 'service', service: 'spare' }] }, backends: [] },
    { name: 'spare', backends: [spare.port], routes: [] },
  );
  t.equal((await ask(proxy.port)).body, 'spare');
});

t.test('the client’s connection goes on after a page', async (t) => {
  const { proxy } = await startPaged(t);
  t.equal((await ask(proxy.port, { path: '/404', method: 'POST', body: 'x'.repeat(100_000) })).status, 404);
  t.equal((await ask(proxy.port, { path: '/200' })).status, 200);
  t.equal(proxy.plane.stats().services['test']?.codes[404], 1);
  t.equal(proxy.plane.stats().backends[Object.keys(proxy.plane.stats().backends)[0] ?? '']?.inFlight, 0);
});
