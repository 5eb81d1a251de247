import t, { type Test } from 'tap';
import { ProxyError } from '../../src/data/errors.ts';
import type { CompiledFilter } from '../../src/data/proxy/filters/compile.ts';
import type { RequestFilter } from '../../src/data/proxy/filters/filter.ts';
import type { FilterWait } from '../../src/data/proxy/filters/wait.ts';
import type { Reply } from '../../src/data/proxy/reply.ts';
import { systemClock } from '../../src/model/clock.ts';
import { startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { compileWith, OWN, responseHeaders } from '../support/filters.ts';
import { startProxy, type TestService } from '../support/proxy.ts';
import { openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

const TEAPOT: Reply = { status: 418, fields: 'X-Own: yes\r\n', body: Buffer.from('short and stout') };

/** A proxy with such a filter before a backend that answers with the body it was sent. */
async function startFiltered(t: Test, own: CompiledFilter, more: Partial<TestService> = {}) {
  const backend = await startBackend(t, 'a', (request, response) => {
    request.pipe(response);
  });
  const filters = [OWN, responseHeaders('X-A=1')];
  const services = [{ routes: [{ filters }], backends: [backend.port], ...more }];
  return { backend, proxy: await startProxy(t, services, {}, systemClock, compileWith(own)) };
}

/** A filter of which each request waits, until the test lets it go. */
function holding(ms = 60_000) {
  const waits: FilterWait[] = [];
  let ended = 0;
  const error = new ProxyError('request-timeout', 'the filter took too long');
  const onEnd = () => {
    ended++;
  };
  const onRequest: RequestFilter = {
    onRequest: (_, filtering) => {
      const wait = filtering.wait({ ms, error, onEnd });
      waits.push(wait);
      return wait;
    },
  };
  const first = () => eventually('a request waits', () => waits[0]);
  return { onRequest, waits, first, ended: () => ended };
}

t.test('a filter answers in the place of the backend, and the client’s connection goes on', async (t) => {
  const { backend, proxy } = await startFiltered(t, { onRequest: { onRequest: () => TEAPOT } });
  const client = await connectRaw(t, proxy.port);
  for (let i = 1; i <= 2; i++) {
    client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
    await client.until((text) => text.split('short and stout').length > i, 'an answer');
  }
  t.match(client.received, /X-Own: yes\r\nX-A: 1\r\nContent-Length: 15\r\n/, 'filtered like any other');
  t.equal(backend.requests.length, 0);
  t.match(proxy.entries[1], { status: 418, service: 'test', attempts: 0, error: '' });
  t.equal(proxy.plane.stats().services['test']?.codes[418], 2);
});

t.test('filters come one after the other, until one answers', async (t) => {
  const calls: string[] = [];
  let answers = true;
  const own: CompiledFilter = {
    onRequest: {
      onRequest: () => {
        calls.push('own');
        return answers && calls.length === 2 ? TEAPOT : undefined;
      },
    },
  };
  const { proxy } = await startFiltered(t, own, { routes: [{ filters: [OWN, OWN, OWN] }] });
  t.equal((await ask(proxy.port)).status, 418);
  t.same(calls, ['own', 'own']);
  answers = false;
  t.equal((await ask(proxy.port)).status, 200);
  t.equal(calls.length, 5);
});

t.test('a filter that waits costs its client nothing but time', async (t) => {
  const held = holding();
  const { proxy } = await startFiltered(t, held);
  const body = 'x'.repeat(300_000);
  const answer = ask(proxy.port, { method: 'POST', body });
  (await held.first()).goOn();
  t.match(await answer, { status: 200, body, headers: { 'x-a': '1' } });
  t.equal(held.ended(), 0, 'it was let go, not given up');
});

t.test('it may answer in the end', async (t) => {
  const held = holding();
  const { backend, proxy } = await startFiltered(t, held);
  const answer = ask(proxy.port, { method: 'POST', body: 'x'.repeat(300_000) });
  (await held.first()).answer(TEAPOT);
  t.equal((await answer).status, 418);
  t.equal(backend.requests.length, 0);
});

t.test('it may know at once what it asked for', async (t) => {
  const error = new ProxyError('request-timeout', '');
  const onRequest: RequestFilter = {
    onRequest: (exchange, filtering) => {
      const wait = filtering.wait({ ms: 1_000, error, onEnd: () => t.fail('ended') });
      if (exchange.head.method === 'GET') wait.goOn();
      else wait.answer(TEAPOT);
      return wait;
    },
  };
  const { proxy } = await startFiltered(t, { onRequest });
  t.equal((await ask(proxy.port)).status, 200);
  t.equal((await ask(proxy.port, { method: 'POST', body: 'abc' })).status, 418);
});

t.test('what it says once more has no effect', async (t) => {
  const held = holding();
  const { proxy } = await startFiltered(t, held);
  const answer = ask(proxy.port, { method: 'POST', body: 'abc' });
  const wait = await held.first();
  for (let i = 0; i < 3; i++) wait.goOn();
  wait.answer(TEAPOT);
  wait.giveUp();
  t.match(await answer, { status: 200, body: 'abc' });
  t.match(proxy.entries, [{ status: 200, attempts: 1 }]);
  t.equal(held.ended(), 0);
});

t.test('a client that leaves while a filter waits ends it', async (t) => {
  const held = holding();
  const { backend, proxy } = await startFiltered(t, held);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  const wait = await held.first();
  client.socket.destroy();
  await eventually('the filter is ended', () => held.ended() === 1);
  wait.goOn();
  t.equal(backend.requests.length, 0);
  t.match(proxy.entries, [{ status: 499, error: 'client-gone', attempts: 0 }]);
});

t.test('a filter has its time, and what it was to say is told when that is over', async (t) => {
  const held = holding(1);
  const { proxy } = await startFiltered(t, held);
  const answer = await ask(proxy.port);
  t.match(answer, { status: 504, headers: { 'x-a': '1' } });
  t.match(proxy.entries, [{ error: 'request-timeout', detail: 'the filter took too long' }]);
  t.equal(held.ended(), 1);
});

t.test('the limit of the whole exchange ends it, too', async (t) => {
  const held = holding();
  const settings = { timeouts: { requestMs: 1 } };
  const { proxy } = await startFiltered(t, held, { settings });
  t.equal((await ask(proxy.port)).status, 504);
  t.equal(held.ended(), 1);
});

t.test('a filter that throws ends its exchange with 500, and nothing else', async (t) => {
  const broken = () => {
    throw new Error('injected');
  };
  const held = holding();
  const sides: Record<string, CompiledFilter> = {
    request: { onRequest: { onRequest: broken } },
    response: { onResponse: { onResponse: broken, onReply: () => '' } },
    'response, also to the 500': { onResponse: { onResponse: broken, onReply: broken } },
    later: held,
  };
  for (const [side, own] of Object.entries(sides)) {
    await t.test(side, async (t) => {
      const { proxy } = await startFiltered(t, own);
      const answer = ask(proxy.port);
      if (side === 'later') (await held.first()).onBroken(new Error('injected'));
      t.equal((await answer).status, 500);
      t.match(proxy.entries, [{ status: 500, error: 'internal' }]);
      for (const { inFlight } of Object.values(proxy.plane.stats().backends)) t.equal(inFlight, 0);
      t.equal((await ask(proxy.port, { host: 'nowhere.localhost' })).status, 404, 'others are served');
    });
  }
});

t.test('one whose end breaks ends with its exchange all the same', async (t) => {
  const error = new ProxyError('request-timeout', '');
  let isWaiting = false;
  const onEnd = () => {
    throw new Error('injected');
  };
  const onRequest: RequestFilter = {
    onRequest: (_, filtering) => {
      isWaiting = true;
      return filtering.wait({ ms: 60_000, error, onEnd });
    },
  };
  const { proxy } = await startFiltered(t, { onRequest });
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  await eventually('it waits', () => isWaiting);
  client.socket.destroy();
  await eventually('it is over', () => proxy.entries.length === 1);
  await eventually('nothing is left', () => proxy.plane.stats().clientConnections === 0);
});

t.test('an upgrade waits like any request, and can be refused', async (t) => {
  const held = holding();
  const backend = await startWebSocketBackend(t, 'a');
  const { proxy } = await startFiltered(t, held, { backends: [backend.port] });
  const opened = openWebSocket(t, proxy.port);
  (await held.first()).goOn();
  (await opened).close();
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const second = await eventually('a second one waits', () => held.waits[1]);
  second.answer(TEAPOT);
  t.match(await client.until((text) => text.includes('stout'), 'an answer'), /^HTTP\/1\.1 418 /);
});
