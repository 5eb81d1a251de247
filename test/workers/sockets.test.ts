import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { bindAddress } from '../../src/workers/sockets.ts';
import { connectRaw, isRefused } from '../support/client.ts';

const FREE = { host: '127.0.0.1', port: 0 };

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

t.test('each place has a socket of its own, all on the port that was given', async (t) => {
  const bound = await bindAddress(FREE, 3);
  t.teardown(bound.close);
  t.equal(new Set(bound.fds).size, 3);
  t.ok(bound.address.port > 0);
  t.equal(bound.address.host, '127.0.0.1');
});

t.test('where connections are not shared out between sockets, all places have the same', async (t) => {
  const bound = await bindAddress(FREE, 3, false);
  t.teardown(bound.close);
  t.equal(bound.fds.length, 1);
  const { port } = bound.address;
  await Promise.all([1, 2].map(() => startListener(t, bound.fds[0] ?? -1, `socket.end('here')`)));
  const client = await connectRaw(t, port);
  t.equal(await client.untilClosed(), 'here');
});

t.test('a connection that waits to be accepted outlives the process that would have', async (t) => {
  const bound = await bindAddress(FREE, 1);
  t.teardown(bound.close);
  const [fd = -1] = bound.fds;
  // It accepts one, and is busy with it for ever.
  const busy = await startListener(t, fd, `socket.write('busy', () => { for (;;); })`);
  const first = await connectRaw(t, bound.address.port);
  await first.until((received) => received === 'busy', 'a beginning');
  const second = await connectRaw(t, bound.address.port);
  busy.kill('SIGKILL');
  await first.untilClosed();
  await startListener(t, fd, `socket.end('served')`);
  t.equal(await second.untilClosed(), 'served');
});

t.test('a name is looked up, and one that is none is a sentence for people', async (t) => {
  const bound = await bindAddress({ host: 'localhost', port: 0 }, 2);
  t.teardown(bound.close);
  t.equal(bound.address.host, 'localhost');
  await t.rejects(bindAddress({ host: 'no.such.name.invalid', port: 0 }, 2), {
    message: /^cannot listen on no\.such\.name\.invalid:0: /,
  });
});

t.test('closed, it takes no more connections', async (t) => {
  const bound = await bindAddress(FREE, 2);
  const child = await startListener(t, bound.fds[0] ?? -1, '');
  child.kill('SIGKILL');
  await once(child, 'exit');
  bound.close();
  t.equal(await isRefused(bound.address.port), true);
});
