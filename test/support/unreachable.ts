import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Test } from 'tap';

const LISTEN = `require('node:net').createServer()
  .listen({ host: '127.0.0.1', port: 0, backlog: 1 }, function () { console.log(this.address().port) })`;

/**
 * A port at which connections are neither taken nor refused: a process that stands still listens there, and its
 * queue is full. Undefined where that does not work.
 */
export async function startUnreachable(t: Test): Promise<number | undefined> {
  const child: ChildProcess = spawn(process.execPath, ['-e', LISTEN], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const { stdout } = child;
  if (stdout === null) return undefined;
  const [line] = await once(stdout, 'data');
  const port = Number(String(line));
  child.kill('SIGSTOP');
  for (let i = 0; i < 20; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    t.teardown(() => socket.destroy());
    const isTaken = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 200)),
    ]);
    if (!isTaken) return port;
  }
  return undefined;
}
