import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { type BoundListener, bindListener, reserveAll } from '../../src/workers/sockets.ts';
import { connectRaw, isRefused } from '../support/client.ts';
import { freePort } from '../support/free-port.ts';
import { listenerOn } from '../support/listener.ts';

const onHost = (host: string) => listenerOn(0, { address: { host, port: 0 } });

/** A process that listens on a socket that it inherits, and runs that on each connection, called `socket`. */
async function startListener(t: Test, fd: number, onConnection: string): Promise<ChildProcess> {
  const code = `require('node:net').createServer((socket) => { ${onConnection} })
    .listen({ fd: 4 }, () => process.send('listens'));`;
  const child = spawn(process.execPath, ['-e', code], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', fd],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

const fdOf = (bound: BoundListener) => bound.slots[0]?.[0]?.fd() ?? -1;

t.test(
  'sixteen sockets are shared out among the slots, each of which has at least one, all on one port',
  async (t) => {
    const bound = await bindListener(listenerOn(), 3);
    t.teardown(bound.close);
    t.equal(bound.slots.length, 3);
    const sockets = bound.slots.flat();
    t.equal(new Set(sockets.map((socket) => socket.fd())).size, 18, 'six each');
    for (const socket of sockets) t.match(socket.address(), { port: bound.listener.address.port });
    t.ok(bound.listener.address.port > 0);
    t.equal(bound.listener.address.host, '127.0.0.1');
    const many = await bindListener(listenerOn(), 20);
    t.teardown(many.close);
    t.strictSame(
      many.slots.map((own) => own.length),
      Array(20).fill(1),
    );
  },
);

t.test('where connections are not shared out between sockets, all slots have the same', async (t) => {
  const bound = await bindListener(listenerOn(), 3, false);
  t.teardown(bound.close);
  t.equal(bound.slots.flat().length, 1);
  const { port } = bound.listener.address;
  await Promise.all([1, 2].map(() => startListener(t, fdOf(bound), `socket.end('here')`)));
  const client = await connectRaw(t, port);
  t.equal(await client.untilClosed(), 'here');
});

t.test('a connection that waits to be accepted outlives the process that would have', async (t) => {
  const bound = await bindListener(listenerOn(), 1, false);
  t.teardown(bound.close);
  const fd = fdOf(bound);
  // It accepts one, and is busy with it for ever.
  const busy = await startListener(t, fd, `socket.write('busy', () => { for (;;); })`);
  const first = await connectRaw(t, bound.listener.address.port);
  await first.until((received) => received === 'busy', 'a beginning');
  const second = await connectRaw(t, bound.listener.address.port);
  busy.kill('SIGKILL');
  await first.untilClosed();
  await startListener(t, fd, `socket.end('served')`);
  t.equal(await second.untilClosed(), 'served');
});

t.test('a name is looked up, and one that is none is a sentence for people', async (t) => {
  const bound = await bindListener(onHost('localhost'), 2);
  t.teardown(bound.close);
  t.equal(bound.listener.address.host, 'localhost');
  await t.rejects(bindListener(onHost('no.such.name.invalid'), 2), {
    message:
      /^cannot listen on no\.such\.name\.invalid:0 \(http\): the name no\.such\.name\.invalid is not known here/,
  });
});

t.test('what one process has, another is told about, although its sockets share an address', async (t) => {
  const bound = await bindListener(listenerOn(), 1);
  const { port } = bound.listener.address;
  const servers = bound.slots.flat().map((socket) => createServer().listen(socket));
  t.teardown(() => {
    for (const server of servers) server.close();
  });
  await t.rejects(bindListener(listenerOn(port), 1), {
    message: `cannot listen on 127.0.0.1:${port} (http): another process listens there`,
  });
});

t.test('closed, it takes no more connections', async (t) => {
  const bound = await bindListener(listenerOn(), 2);
  const child = await startListener(t, fdOf(bound), '');
  child.kill('SIGKILL');
  await once(child, 'exit');
  bound.close();
  t.equal(await isRefused(bound.listener.address.port), true);
});

t.test('addresses are reserved all or none, and free again when they are let go of', async (t) => {
  const first = await reserveAll([listenerOn(), listenerOn(0, { name: 'http-2' })]);
  t.same(
    first.listeners.map(({ name }) => name),
    ['http', 'http-2'],
  );
  const [one, two] = first.listeners.map(({ address }) => address.port);
  const free = await freePort();
  const wanted = [listenerOn(free), listenerOn(two, { name: 'http-2' })];
  // A port that is only reserved may be bound by whoever means to share it: one that is listened on may not.
  first.release();
  const server = createServer().listen(two, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  await t.rejects(reserveAll(wanted), { message: /\(http-2\): another process listens there$/ });
  for (const port of [one, free]) {
    const again = createServer().listen(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  }
});
