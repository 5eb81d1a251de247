import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import t from 'tap';
import { startAdmin } from '../../src/admin/admin-server.ts';
import { ADMIN_LIMITS, limitConnections } from '../../src/admin/connections.ts';
import { adminView, startTestAdmin } from '../support/admin.ts';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';

/** A server to which connections come from where the test says. */
function makeServer() {
  const server = new EventEmitter();
  limitConnections(server as Server, ADMIN_LIMITS);
  /** A new connection, which is undefined if it was closed at once. */
  const from = (remoteAddress: string | undefined) => {
    let isOpen = true;
    const socket = Object.assign(new EventEmitter(), {
      remoteAddress,
      destroy: () => {
        if (isOpen) socket.emit('close');
        isOpen = false;
      },
    });
    server.emit('connection', socket);
    return isOpen ? socket : undefined;
  };
  return {
    from,
    many: (count: number, address: string) => Array.from({ length: count }, () => from(address)),
  };
}

const open = (sockets: readonly unknown[]) => sockets.filter((socket) => socket !== undefined).length;

t.test(
  'one client has a part of the connections, all others the rest, and this machine its own',
  async (t) => {
    const { from, many } = makeServer();
    const greedy = many(100, '10.0.0.1');
    t.equal(open(greedy), 12);
    t.equal(open(many(5, '::ffff:10.0.0.2')), 5);
    t.equal(
      open(Array.from({ length: 50 }, (_, i) => from(`2600:1:2:3::${i}`))),
      7,
      'no more than all may have',
    );
    t.equal(open(many(100, '127.0.0.1')), 12);
    t.equal(open(many(1, '::1')), 0);
    for (const socket of greedy) socket?.destroy();
    t.equal(open(many(100, '10.0.0.3')), 12, 'what was given back is free again');
    t.equal(from(undefined), undefined, 'one that is gone counts for nobody');
  },
);

t.test('a connection that is never used, or whose head never ends, is closed', async (t) => {
  const limits = { ...ADMIN_LIMITS, headersMs: 50, requestMs: 100, idleMs: 100 };
  const server = await startAdmin({ host: '127.0.0.1', port: 0 }, undefined, adminView(), limits);
  t.teardown(() => server.close());
  const { port } = server.address;
  for (const text of [
    '',
    'GET / HTTP/1.1\r\nHo',
    'POST /api/backends HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{',
  ]) {
    const client = await connectRaw(t, port);
    client.send(text);
    await eventually(JSON.stringify(text), () => client.isClosed);
    t.notMatch(client.received, /^HTTP\/1\.1 2/);
  }
  t.equal((await ask(port, { path: '/healthz' })).status, 200);
});

t.test('too many connections of one client leave it those that it has', async (t) => {
  const { port } = await startTestAdmin(t);
  const clients = [];
  for (let i = 0; i < 12; i++) clients.push(await connectRaw(t, port));
  const tooMany = await connectRaw(t, port);
  await eventually('the newest is closed', () => tooMany.isClosed);
  const [first] = clients;
  first?.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await eventually('the first is answered', () => first?.received.startsWith('HTTP/1.1 200 ') === true);
});

/** An address of this machine that is not loopback, if it has one. */
const HOST = Object.values(networkInterfaces())
  .flatMap((some) => some ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

t.test('who guesses the token is told to wait', { skip: HOST === undefined }, async (t) => {
  const token = 'a-token-of-16-or-more';
  const server = await startAdmin({ host: HOST as string, port: 0 }, token, adminView());
  t.teardown(() => server.close());
  const guess = async (text: string) => {
    const headers = { authorization: `Bearer ${text}` };
    const answer = await fetch(`http://${HOST}:${server.address.port}/api/snapshot`, { headers });
    await answer.text();
    return answer;
  };
  t.equal((await guess(token)).status, 200);
  for (let i = 0; i < 10; i++) t.equal((await guess(`guess ${i}`)).status, 401);
  const refused = await guess('guess');
  t.equal(refused.status, 429);
  t.match(refused.headers.get('retry-after'), /^[1-6]$/);
});
