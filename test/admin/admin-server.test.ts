import t from 'tap';
import { startAdmin } from '../../src/admin/admin-server.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { ADMIN_SNAPSHOT, adminView, startTestAdmin } from '../support/admin.ts';
import { ask, connectRaw } from '../support/client.ts';

const TOKEN = 'a-token-of-16-or-more';
const PATHS = [
  '/',
  '/app.js',
  '/style.css',
  '/icon.svg',
  '/favicon.ico',
  '/metrics',
  '/api/snapshot',
  '/api/explain?subject=web-a',
  '/api/certificates',
  '/api/ca.pem',
];

/** Scripts, styles and answers come from here, the rest from nowhere; nobody may frame the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

t.test('every page is answered with its type', async (t) => {
  const { port } = await startTestAdmin(t);
  const types: [path: string, type: string, body: RegExp][] = [
    ['/', 'text/html; charset=utf-8', /<!doctype html>/],
    ['/app.js', 'text/javascript; charset=utf-8', /fetch\(new URL\('\/api\/snapshot'/],
    ['/style.css', 'text/css; charset=utf-8', /body \{/],
    ['/metrics', 'text/plain; version=0.0.4', /^up 1\n$/],
    ['/api/snapshot', 'application/json; charset=utf-8', /^\{.*\}$/],
    ['/api/explain?subject=web-a', 'application/json; charset=utf-8', /^\{"lines":\[/],
    ['/api/certificates', 'application/json; charset=utf-8', /^\{"now":\d+,"certificates":\[\{.*\}\]\}\n$/],
    ['/api/ca.pem', 'application/x-pem-file', /^-----BEGIN CERTIFICATE-----\nAAAA\n/],
    ['/healthz', 'text/plain; charset=utf-8', /^ok\n$/],
    ['/readyz', 'text/plain; charset=utf-8', /^ready\n$/],
  ];
  for (const [path, type, body] of types) {
    const answer = await ask(port, { path });
    t.equal(answer.status, 200, path);
    t.equal(answer.headers['content-type'], type, `type of ${path}`);
    t.match(answer.body, body, `body of ${path}`);
  }
});

t.test('every answer forbids inline code, framing, sniffing and storing', async (t) => {
  const { port } = await startTestAdmin(t);
  for (const path of [...PATHS, '/healthz', '/nowhere']) {
    const { headers } = await ask(port, { path });
    t.strictSame(String(headers['content-security-policy']).split('; '), POLICY, path);
    t.match(headers, {
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    t.equal(headers['access-control-allow-origin'], undefined, 'no other origin may read it');
  }
});

t.test('an unknown path is 404 and says what there is', async (t) => {
  const { port } = await startTestAdmin(t);
  for (const path of ['/nowhere', '/api', '/api/snapshot/', '/../app.js/x', '/dashboard/index.html']) {
    const answer = await ask(port, { path });
    t.equal(answer.status, 404, path);
    t.match(answer.body, '/api/snapshot');
  }
});

t.test('a path of this file system is never served', async (t) => {
  const { port } = await startTestAdmin(t);
  for (const target of ['/../server.ts', '/dashboard/../server.ts', '/%2e%2e/server.ts', '/..%2fserver.ts']) {
    const client = await connectRaw(t, port);
    client.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    const answer = await client.untilClosed();
    t.match(answer, /^HTTP\/1\.1 404 /, target);
  }
});

t.test('a target that is no path is refused and ends nothing', async (t) => {
  const { port } = await startTestAdmin(t);
  for (const target of ['//', 'http://[', '///', '*', 'http://']) {
    const client = await connectRaw(t, port);
    client.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    t.match(await client.untilClosed(), /^HTTP\/1\.1 4\d\d /, target);
  }
  t.match(await ask(port, { path: '//' }), { status: 400, body: 'that is no path\n' });
  t.equal((await ask(port, { path: '/healthz' })).status, 200, 'it still answers');
});

t.test('HEAD gets the head of GET and no body', async (t) => {
  const { port } = await startTestAdmin(t);
  const client = await connectRaw(t, port);
  client.send('HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const answer = await client.untilClosed();
  t.match(answer, /^HTTP\/1\.1 200 .*version=0\.0\.4.*\r\n\r\n$/s);
});

t.test('another method is 405 and is told which there are', async (t) => {
  const { port } = await startTestAdmin(t);
  const answer = await ask(port, { method: 'POST', path: '/api/snapshot', body: '{}' });
  t.equal(answer.status, 405);
  t.equal(answer.headers['allow'], 'GET, HEAD');
});

t.test('readyz is 503 until routes are known and when it stops, healthz is not', async (t) => {
  let isReady = false;
  const { port } = await startTestAdmin(t, { readiness: () => ({ isReady, unheard: [] }) });
  t.match(await ask(port, { path: '/readyz' }), { status: 503, body: 'not ready\n' });
  t.equal((await ask(port, { path: '/healthz' })).status, 200);
  isReady = true;
  t.match(await ask(port, { path: '/readyz' }), { status: 200, body: 'ready\n' });
});

t.test('readyz tells which sources were never heard, and why only where no token is needed', async (t) => {
  const readiness = () => ({
    isReady: false,
    unheard: [{ source: 'docker', reason: 'unix:///run/docker.sock: no permission' }],
  });
  const open = await startTestAdmin(t, { readiness });
  t.match(await ask(open.port, { path: '/readyz' }), {
    status: 503,
    body: 'not ready\ndocker was never heard (unix:///run/docker.sock: no permission)\n',
  });
  const closed = await startTestAdmin(t, { readiness }, TOKEN);
  t.match(await ask(closed.port, { path: '/readyz' }), {
    status: 503,
    body: 'not ready\ndocker was never heard\n',
  });
});

t.test('with a token nothing is answered without it but whether it lives and is ready', async (t) => {
  const { port } = await startTestAdmin(t, {}, TOKEN);
  for (const path of [...PATHS, '/nowhere']) {
    const answer = await ask(port, { path });
    t.equal(answer.status, 401, path);
    t.match(String(answer.headers['www-authenticate']), /^Basic realm=/, 'a browser asks for it');
    t.equal(answer.body, 'the admin token is missing or wrong\n');
  }
  for (const path of ['/healthz', '/readyz']) t.equal((await ask(port, { path })).status, 200, path);
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const path of PATHS) t.equal((await ask(port, { path, headers })).status, 200, path);
});

t.test('a name that was rebound to this machine is refused but for whether it lives', async (t) => {
  const { port } = await startTestAdmin(t);
  const host = `evil.example:${port}`;
  for (const path of PATHS) t.equal((await ask(port, { host, path })).status, 403, path);
  t.equal((await ask(port, { host, path: '/healthz' })).status, 200);
});

t.test('what explain knows is answered, what it does not is 404 with a reason', async (t) => {
  const { port } = await startTestAdmin(t, {
    explain: (subject) =>
      subject === 'a b/ü' ? { lines: ['yes'], isRouted: true } : { error: `there is no ${subject}` },
  });
  const known = await ask(port, { path: `/api/explain?subject=${encodeURIComponent('a b/ü')}` });
  t.strictSame(JSON.parse(known.body), { lines: ['yes'], routed: true });
  const unknown = await ask(port, { path: '/api/explain?subject=ghost' });
  t.equal(unknown.status, 404);
  t.strictSame(JSON.parse(unknown.body), { error: 'there is no ghost' });
  t.equal((await ask(port, { path: '/api/explain' })).status, 404, 'no subject is none that is known');
});

t.test('what strangers wrote reaches no terminal by way of the API, and comes back as it was', async (t) => {
  const message = 'a\x1b[2J\x9b31m\x7f\u2028\u202eb';
  const [problem] = ADMIN_SNAPSHOT.problems;
  const snapshot = { ...ADMIN_SNAPSHOT, problems: [{ ...problem, message }] } as Snapshot;
  const { port } = await startTestAdmin(t, {
    snapshot: () => snapshot,
    explain: () => ({ lines: [message], isRouted: true }),
  });
  const [state, lines] = [
    (await ask(port, { path: '/api/snapshot' })).body,
    (await ask(port, { path: '/api/explain?subject=web-a' })).body,
  ];
  for (const body of [state, lines]) t.notMatch(body, /[\x00-\x1f\x7f-\x9f\u2028-\u202e]/);
  t.equal(JSON.parse(state).problems[0].message, message);
  t.same(JSON.parse(lines).lines, [message]);
});

t.test('a failure within is a 500 with its message, and ends nothing', async (t) => {
  const metrics = async () => {
    throw new Error('the registry is broken');
  };
  const { port } = await startTestAdmin(t, { metrics });
  t.match(await ask(port, { path: '/metrics' }), { status: 500, body: 'the registry is broken\n' });
  t.equal((await ask(port, { path: '/api/snapshot' })).status, 200);
});

t.test('an address that is taken is a sentence for people', async (t) => {
  const { host, port } = await startTestAdmin(t);
  await t.rejects(startAdmin({ host, port }, undefined, adminView()), {
    message: `cannot listen on 127.0.0.1:${port} (admin): another process listens there`,
  });
});

t.test('without an internal authority its root is not found, with why', async (t) => {
  const { port } = await startTestAdmin(t, { authority: () => undefined, certificates: () => [] });
  t.match(await ask(port, { path: '/api/ca.pem' }), {
    status: 404,
    body: /^there is no internal authority: https is off/,
  });
  t.match(JSON.parse((await ask(port, { path: '/api/certificates' })).body), { certificates: [] });
});
