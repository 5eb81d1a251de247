import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startApp } from '../support/fairlead.ts';
import { closed, openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

/** A Fairlead before two backends, one of which gets orders. */
async function startOrdered(t: Test, drain = '2s') {
  const held: (() => void)[] = [];
  const one = await startWebSocketBackend(t, 'one');
  const two = await startWebSocketBackend(t, 'two');
  one.server.prependListener('request', ({ url }, response) => {
    if (url === '/hold') {
      const end = response.end.bind(response);
      response.end = (() => response) as typeof response.end;
      held.push(() => end('held'));
    }
  });
  const backends = [one, two].map(({ port }) => `http://127.0.0.1:${port}`);
  const file = join(t.testdir(), 'fairlead.yaml');
  const service = { host: 'test.localhost', drain, sticky: 'cookie', backends };
  writeFileSync(file, JSON.stringify({ services: { shop: service } }));
  const fairlead = await startApp(t, '--docker', 'off', '--config', file);
  const name = `127.0.0.1:${one.port}`;
  const order = (said: object) =>
    ask(fairlead.admin, {
      host: new URL(fairlead.admin).host,
      path: '/api/backends',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ backend: name, ...said }),
    });
  const backend = async () =>
    (await fairlead.state()).services[0]?.backends.find((candidate) => candidate.name === name);
  await eventually('both are available', async () => {
    const { services } = await fairlead.state();
    const all = services[0]?.backends ?? [];
    return all.length === 2 && all.every(({ health }) => health.flags.length === 0);
  });
  const answers = async (count = 6) => {
    const names = new Set<string>();
    for (let i = 0; i < count; i++) names.add((await fairlead.ask({})).body);
    return [...names].sort();
  };
  return { fairlead, port: Number(new URL(fairlead.origin).port), held, order, backend, answers };
}

/** Opens WebSockets until one is on the first backend. */
async function openOnFirst(t: Test, port: number, inFlight: () => Promise<number | undefined>) {
  for (let i = 0; i < 4; i++) {
    const before = (await inFlight()) ?? 0;
    const socket = await openWebSocket(t, port);
    if (((await inFlight()) ?? 0) > before) return socket;
  }
  throw new Error('every socket is on the second backend');
}

t.test(
  'drain: nothing new, what runs finishes, WebSockets end after the drain time, ready ends it',
  async (t) => {
    const { fairlead, port, held, order, backend, answers } = await startOrdered(t);
    const socket = await openOnFirst(t, port, async () => (await backend())?.inFlight);
    t.same(await answers(), ['one', 'two']);
    let running: ReturnType<typeof fairlead.ask> | undefined;
    for (let i = 0; i < 2 && held.length === 0; i++) {
      const asked = fairlead.ask({ path: '/hold' });
      await Promise.race([asked, eventually('it runs on the first', () => held.length > 0)]);
      running = asked;
    }
    const ended = closed(socket);
    t.equal((await order({ state: 'drain' })).status, 200);
    t.same(await answers(), ['two']);
    t.match(await backend(), { health: { flags: ['Draining'], reason: 'drain was ordered' } });
    held[0]?.();
    t.equal((await running)?.body, 'held');
    t.equal((await ended)[0], 1006, 'cut');
    t.equal((await backend())?.inFlight, 0);
    await order({ state: 'ready' });
    await eventually('it serves again', async () => (await answers()).length === 2);
  },
);

t.test('drain: ready in time spares what still runs', async (t) => {
  const { port, order, backend } = await startOrdered(t, '1s');
  const socket = await openOnFirst(t, port, async () => (await backend())?.inFlight);
  await order({ state: 'drain' });
  await order({ state: 'ready' });
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  t.equal(socket.readyState, socket.OPEN);
});

t.test('maintenance: nothing new, and a WebSocket stays', async (t) => {
  const { fairlead, port, order, backend, answers } = await startOrdered(t, '100ms');
  const socket = await openOnFirst(t, port, async () => (await backend())?.inFlight);
  await order({ state: 'maintenance' });
  t.same(await answers(), ['two']);
  t.match(await backend(), { health: { flags: ['Maintenance'] } });
  t.match(await fairlead.explain('http://test.localhost/'), /in maintenance \(maintenance was ordered/);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(socket.readyState, socket.OPEN);
});

t.test('weight 0: a sticky client stays, no new one comes; the default is back on demand', async (t) => {
  const { fairlead, order, backend, answers } = await startOrdered(t);
  let cookie = '';
  for (let i = 0; i < 2; i++) {
    const { body, headers } = await fairlead.ask({});
    if (body === 'one') cookie = String(headers['set-cookie']).split(';')[0] ?? '';
  }
  await order({ weight: 0 });
  t.same(await answers(), ['two']);
  t.match(await backend(), { weight: 0, configuredWeight: 1 });
  t.match(await fairlead.explain('http://test.localhost/'), /: weight 0$/m);
  t.equal((await fairlead.ask({ headers: { cookie } })).body, 'one');
  await order({ weight: 'default' });
  t.same(await answers(), ['one', 'two']);
  t.equal((await backend())?.configuredWeight, undefined);
});
