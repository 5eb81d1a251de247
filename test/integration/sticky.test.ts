import t, { type Test } from 'tap';
import type { ServiceSettings, StickyPolicy } from '../../src/model/service.ts';
import { startBackend, startCannedBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TestServiceBackend } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';

type Change = Partial<Omit<TestServiceBackend, 'port'>>;

/** A proxy before three backends that answer their names and keep their clients. */
async function startSticky(t: Test, sticky: Partial<StickyPolicy> = {}, more: ServiceSettings = {}) {
  const backends = await Promise.all(['a', 'b', 'c'].map((name) => startBackend(t, name)));
  const settings: ServiceSettings = { ...more, sticky: { by: 'cookie', ...sticky } };
  const service = (changes: Record<string, Change> = {}) => ({
    settings,
    backends: backends.map(({ name, port }) => ({ port, ...changes[name] })),
  });
  const proxy = await startProxy(t, [service()], { trustedProxies: ['127.0.0.1/32'] });
  const change = (changes: Record<string, Change>) => proxy.apply(service(changes));
  return { proxy, backends, service, change };
}

/** A browser: sends back the cookies that it was given. */
function makeBrowser(port: number) {
  let jar = '';
  return async (headers: Record<string, string> = {}) => {
    const answer = await ask(port, { headers: { ...(jar && { cookie: `x=1; ${jar}` }), ...headers } });
    const set = answer.headers['set-cookie'];
    if (typeof set === 'string') jar = set.split(';')[0] ?? '';
    return { name: answer.body, set: typeof set === 'string' ? set : undefined, status: answer.status };
  };
}

t.test('a client stays on its backend, and is told so once', async (t) => {
  const { proxy } = await startSticky(t);
  const homes = new Set<string>();
  for (let i = 0; i < 6; i++) {
    const browse = makeBrowser(proxy.port);
    const first = await browse();
    t.match(first.set, /^fairlead_[0-9a-f]{6}=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
    for (let j = 0; j < 4; j++) t.same(await browse(), { name: first.name, set: undefined, status: 200 });
    homes.add(first.name);
  }
  t.equal(homes.size, 3, 'new clients are balanced');
});

t.test('the cookie is the same of every process, and tells no address', async (t) => {
  const { proxy, backends, service } = await startSticky(t);
  const other = await startProxy(t, [service()]);
  const browse = makeBrowser(proxy.port);
  const { name, set = '' } = await browse();
  for (let i = 0; i < 5; i++) {
    const answer = await ask(other.port, { headers: { cookie: set.split(';')[0] ?? '' } });
    t.equal(answer.body, name);
    t.equal(answer.headers['set-cookie'], undefined);
  }
  for (const { port } of backends) t.notMatch(set, String(port));
});

t.test(
  'it is Secure where the request came by https, and has the attributes that were asked for',
  async (t) => {
    const { proxy } = await startSticky(t);
    t.match((await makeBrowser(proxy.port)({ 'x-forwarded-proto': 'https' })).set, /; SameSite=Lax; Secure$/);
    const none = await startSticky(t, { sameSite: 'none', name: 'home' });
    t.match(
      (await makeBrowser(none.proxy.port)()).set,
      /^home=\w+; Path=\/; HttpOnly; SameSite=None; Secure$/,
    );
    const always = await startSticky(t, { secure: 'always', sameSite: 'strict' });
    t.match((await makeBrowser(always.proxy.port)()).set, /; SameSite=Strict; Secure$/);
  },
);

t.test('a client whose backend is out moves on, and stays where it moved', async (t) => {
  const { proxy, change } = await startSticky(t);
  const browse = makeBrowser(proxy.port);
  const { name } = await browse();
  change({ [name]: { flags: ['FailedCheck'] } });
  const moved = await browse();
  t.not(moved.name, name);
  t.ok(moved.set);
  change({});
  t.same(await browse(), { name: moved.name, set: undefined, status: 200 });
});

t.test('a client whose backend dies under its request moves on with the retry', async (t) => {
  const { proxy, backends } = await startSticky(t);
  const browse = makeBrowser(proxy.port);
  const { name } = await browse();
  await backends.find((backend) => backend.name === name)?.kill();
  const moved = await browse();
  t.not(moved.name, name);
  t.ok(moved.set);
  t.same(await browse(), { name: moved.name, set: undefined, status: 200 });
});

t.test('a backend of weight 0 keeps its clients and gets no new ones', async (t) => {
  const { proxy, change } = await startSticky(t);
  const browse = makeBrowser(proxy.port);
  const { name } = await browse();
  change({ [name]: { weight: 0 } });
  for (let i = 0; i < 5; i++) {
    t.equal((await browse()).name, name);
    t.not((await makeBrowser(proxy.port)()).name, name);
  }
  change({ a: { weight: 0 }, b: { weight: 0 }, c: { weight: 0 } });
  t.equal((await browse()).name, name);
  t.equal((await makeBrowser(proxy.port)()).status, 503);
});

t.test('a backup lets its clients go when the primaries are back', async (t) => {
  const { proxy, change } = await startSticky(t);
  const out: Change = { flags: ['FailedCheck'] };
  change({ a: { backup: true }, b: out, c: out });
  const browse = makeBrowser(proxy.port);
  t.equal((await browse()).name, 'a');
  t.equal((await browse()).name, 'a');
  change({ a: { backup: true } });
  t.not((await browse()).name, 'a');
});

t.test('a cookie of somebody else’s making is like none', async (t) => {
  const { proxy } = await startSticky(t, { name: 'home' });
  for (const cookie of ['home=', 'home', 'home=0123456789abcdef', `home=${'x'.repeat(4_000)}`, '=;;home==']) {
    const answer = await ask(proxy.port, { headers: { cookie } });
    t.equal(answer.status, 200);
    t.ok(answer.headers['set-cookie']);
  }
});

t.test('a cookie is found on whichever line, and behind whichever other of its name', async (t) => {
  const { proxy } = await startSticky(t, { name: 'home' });
  const { name, set = '' } = await makeBrowser(proxy.port)();
  const [mine = ''] = set.split(';');
  const client = await connectRaw(t, proxy.port);
  const sent = [
    [`a=1`, mine],
    [`${mine}; a=1`, 'b=2'],
    ['home=x', `home=y; ${mine}`],
    [`home=0123456789abcdef; nohome=1; home; =home; ${mine}`],
    [`a="home=x"; ${mine}`],
  ];
  for (const [i, lines] of sent.entries()) {
    const fields = lines.map((line) => `Cookie: ${line}\r\n`).join('');
    client.send(`GET / HTTP/1.1\r\nHost: test.localhost\r\n${fields}\r\n`);
    const answer = (await responses(client, i + 1))[i];
    t.match(answer, { body: name, status: 200 }, lines.join(' | '));
    t.equal(answer?.headers['set-cookie'], undefined);
  }
});

t.test('a client that begins with a WebSocket is kept as well', async (t) => {
  const { port } = await startCannedBackend(
    t,
    'HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n',
  );
  const settings: ServiceSettings = { sticky: { by: 'cookie', name: 'home' } };
  const proxy = await startProxy(t, [{ settings, backends: [port] }]);
  const upgrade = async (lines: string) => {
    const client = await connectRaw(t, proxy.port);
    const head = 'GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
    client.send(`${head}${lines}\r\n`);
    const answer = await client.until((received) => received.includes('\r\n\r\n'), '101');
    return answer.match(/(?<=^set-cookie: ).*(?=\r$)/gim);
  };
  const set = await upgrade('');
  t.match(set, ['a=1', 'b=2', /^home=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/]);
  t.same(await upgrade(`Cookie: ${set?.[2]?.split(';')[0]}\r\n`), ['a=1', 'b=2']);
});

t.test('the backend’s own cookies stay', async (t) => {
  const backend = await startBackend(t, 'own', (_request, response) => {
    response.setHeader('set-cookie', ['id=1', 'theme=dark']).end('own');
  });
  const proxy = await startProxy(t, [{ settings: { sticky: { by: 'cookie' } }, backends: [backend.port] }]);
  const set = (await ask(proxy.port)).headers['set-cookie'];
  t.match(set, ['id=1', 'theme=dark', /^fairlead_/]);
});

t.test('a client waits for its own backend when that is full', async (t) => {
  const held: (() => void)[] = [];
  const slow = await startBackend(t, 'slow', (request, response) => {
    if (request.url === '/hold') held.push(() => response.end('slow'));
    else response.end('slow');
  });
  const other = await startBackend(t, 'other');
  const members = (weight: number) => [
    { port: slow.port, maxConnections: 1 },
    { port: other.port, weight },
  ];
  const settings: ServiceSettings = { sticky: { by: 'cookie' } };
  const proxy = await startProxy(t, [{ settings, backends: members(0) }]);
  const browse = makeBrowser(proxy.port);
  t.equal((await browse()).name, 'slow');
  const holding = ask(proxy.port, { path: '/hold' });
  await eventually('it is busy', () => held.length === 1);
  proxy.apply({ settings, backends: members(1) });
  const waiting = browse();
  await eventually('the client waits', () => proxy.plane.stats().services['test']?.waiting === 1);
  t.equal((await makeBrowser(proxy.port)()).name, 'other', 'others need not');
  held[0]?.();
  await holding;
  t.same(await waiting, { name: 'slow', set: undefined, status: 200 });
});

t.test('a client that a retry served elsewhere goes back to its own backend', async (t) => {
  const retry = { on: { reset: true, timeout: true, status: [[503, 503] as const] } };
  const home = await startBackend(t, 'home', ({ url }, response) => {
    response.statusCode = url === '/flaky' ? 503 : 200;
    response.end('home');
  });
  const spare = await startBackend(t, 'spare');
  const settings: ServiceSettings = { sticky: { by: 'cookie' }, retry };
  const proxy = await startProxy(t, [{ settings, backends: [home.port] }]);
  const cookie = String((await ask(proxy.port)).headers['set-cookie']).split(';')[0] ?? '';
  proxy.apply({ settings, backends: [home.port, spare.port] });
  const elsewhere = await ask(proxy.port, { path: '/flaky', headers: { cookie } });
  t.equal(elsewhere.body, 'spare');
  t.equal(elsewhere.headers['set-cookie'], undefined);
  t.equal((await ask(proxy.port, { headers: { cookie } })).body, 'home');
});

t.test(
  'a client that waits for its backend of weight 0 is served there, however full the others are',
  async (t) => {
    const held = new Map<string, () => void>();
    const start = (name: string) =>
      startBackend(t, name, ({ url }, response) => {
        if (url === '/hold') held.set(name, () => response.end(name));
        else response.end(name);
      });
    const [old, fresh] = [await start('old'), await start('fresh')];
    const settings: ServiceSettings = { sticky: { by: 'cookie' } };
    const proxy = await startProxy(t, [{ settings, backends: [old.port] }]);
    const cookie = String((await ask(proxy.port)).headers['set-cookie']).split(';')[0] ?? '';
    const backends = [
      { port: old.port, weight: 0, maxConnections: 1 },
      { port: fresh.port, maxConnections: 1 },
    ];
    proxy.apply({ settings, backends });
    const holding = [
      ask(proxy.port, { path: '/hold', headers: { cookie } }),
      ask(proxy.port, { path: '/hold' }),
    ];
    await eventually('both are busy', () => held.size === 2);
    const waiting = ask(proxy.port, { headers: { cookie } });
    await eventually('the client waits', () => proxy.plane.stats().services['test']?.waiting === 1);
    held.get('old')?.();
    t.equal((await waiting).body, 'old');
    held.get('fresh')?.();
    await Promise.all(holding);
  },
);
