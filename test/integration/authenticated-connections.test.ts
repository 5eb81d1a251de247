import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { connectRaw, type RawClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';
import { exchange, type RawResponse } from '../support/responses.ts';

/** A backend that knows a connection's user by what came on it, as NTLM and Negotiate do. */
async function startNtlm(t: Test, name: string) {
  const users = new WeakMap<Socket, string>();
  const challenged = new WeakSet<Socket>();
  const sockets = new Set<Socket>();
  const answer = ({ socket, headers }: IncomingMessage): [status: number, body: string] => {
    sockets.add(socket);
    const [, step = ''] = /^(?:ntlm|negotiate)\s+(.*)$/i.exec(headers.authorization ?? '') ?? [];
    if (step === 'hello') challenged.add(socket);
    else if (step.startsWith('once=') || (step !== '' && challenged.has(socket)))
      users.set(socket, step.replace('once=', ''));
    const user = users.get(socket);
    return user === undefined ? [401, step === 'hello' ? 'challenge' : 'nobody'] : [200, user];
  };
  const backend = await startBackend(t, name, (request, response) => {
    const [status, body] = answer(request);
    response.statusCode = status;
    if (status === 401) response.setHeader('www-authenticate', ['Negotiate', 'NTLM']);
    response.setHeader('x-backend', name).end(body);
  });
  return { ...backend, sockets };
}

const ask = (client: RawClient, authorization = '', path = '/'): Promise<RawResponse> =>
  exchange(
    client,
    `GET ${path} HTTP/1.1\r\nHost: test.localhost\r\n${authorization && `${authorization}\r\n`}\r\n`,
  );

t.test('nobody is taken for a client that authenticated its connection', async (t) => {
  for (const line of [
    'Authorization: NTLM once=alice',
    'authorization:negotiate  once=alice',
    'AUTHORIZATION:\tNegotiate once=alice',
  ]) {
    const backend = await startNtlm(t, 'a');
    const proxy = await startProxy(t, [{ backends: [backend.port] }]);
    const [alice, bob] = [await connectRaw(t, proxy.port), await connectRaw(t, proxy.port)];
    t.match(await ask(bob), { status: 401, body: 'nobody' });
    t.match(await ask(alice, line), { status: 200, body: 'alice' }, line);
    t.match(await ask(bob), { status: 401, body: 'nobody' });
    t.match(await ask(alice), { status: 200, body: 'alice' }, 'she need not say it again');
    t.match(await ask(bob), { status: 401, body: 'nobody' });
    alice.socket.destroy();
    await eventually('she is gone', () => proxy.plane.stats().clientConnections === 1);
    t.match(await ask(bob), { status: 401, body: 'nobody' });
  }
});

t.test('a handshake of several requests comes about, whichever backends there are', async (t) => {
  const backends = await Promise.all(['a', 'b', 'c'].map((name) => startNtlm(t, name)));
  const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port) }]);
  const clients = await Promise.all(Array.from({ length: 6 }, () => connectRaw(t, proxy.port)));
  await Promise.all(
    clients.map(async (client, i) => {
      t.equal((await ask(client)).status, 401);
      const { body, headers } = await ask(client, 'Authorization: NTLM hello');
      t.equal(body, 'challenge');
      t.match(await ask(client, `Authorization: NTLM user${i}`), { status: 200, body: `user${i}` });
      for (let j = 0; j < 3; j++)
        t.match(await ask(client), { body: `user${i}`, headers: { 'x-backend': headers['x-backend'] } });
    }),
  );
});

t.test('its connection ends with the client’s, and is no other’s until then', async (t) => {
  const backend = await startNtlm(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  await ask(client, 'Authorization: NTLM once=alice');
  const [socket] = [...backend.sockets];
  t.equal(proxy.plane.stats().backends[`test/${backend.port}`]?.idle, 0);
  t.equal(socket?.destroyed, false);
  client.socket.destroy();
  await eventually('it is closed', () => socket?.destroyed === true);
  await untilQuiet(proxy);
});

t.test('a client whose backend is out, or has closed, begins anew elsewhere', async (t) => {
  const backends = [await startNtlm(t, 'a'), await startNtlm(t, 'b')];
  const ports = backends.map(({ port }) => port);
  const proxy = await startProxy(t, [{ backends: ports }]);
  const client = await connectRaw(t, proxy.port);
  const first = await ask(client, 'Authorization: NTLM once=alice');
  const isFirst = (name: string) => name === first.headers['x-backend'];
  proxy.apply({
    backends: backends.map(({ port, name }) => ({ port, flags: isFirst(name) ? ['FailedCheck'] : [] })),
  });
  const second = await ask(client);
  t.equal(second.status, 401);
  t.not(second.headers['x-backend'], first.headers['x-backend']);
  t.match(await ask(client, 'Authorization: NTLM once=alice'), { status: 200, body: 'alice' });
  const home = backends.find(({ name }) => !isFirst(name));
  for (const socket of home?.sockets ?? []) socket.destroy();
  await eventually('closed', () => [...(home?.sockets ?? [])].every(({ closed }) => closed));
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal((await ask(client)).status, 401);
});

t.test('a client has a few connections of its own, however many services it authenticates to', async (t) => {
  const backend = await startNtlm(t, 'a');
  const services = Array.from({ length: 20 }, (_, i) => ({
    name: `s${i}`,
    backends: [backend.port],
    routes: [{ path: `/${i}` }],
  }));
  const proxy = await startProxy(t, services);
  const client = await connectRaw(t, proxy.port);
  for (let i = 0; i < 20; i++) await ask(client, 'Authorization: NTLM once=alice', `/${i}`);
  const open = () => [...backend.sockets].filter(({ destroyed }) => !destroyed).length;
  await eventually('few are left', () => open() <= 8);
  t.equal((await ask(client, '', '/19')).body, 'alice');
  t.equal((await ask(client, '', '/0')).body, 'nobody');
});

t.test('credentials of a request alone leave connections to all', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  for (const scheme of ['Basic x', 'Bearer y', 'Digest z', 'NTLMv9 x', 'Negotiated x']) {
    const client = await connectRaw(t, proxy.port);
    await ask(client, `Authorization: ${scheme}`);
    t.equal(proxy.plane.stats().backends[`test/${backend.port}`]?.idle, 1, scheme);
  }
  t.equal(proxy.plane.stats().backends[`test/${backend.port}`]?.connectionsOpened, 1);
});
