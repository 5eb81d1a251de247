import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { connectRaw } from '../support/client.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';
import { startUnreachable } from '../support/unreachable.ts';

const get = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** Keeps this process, the proxy with it, from doing anything else. */
function standStill(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** The next finished request keeps the proxy from running, in the turn in which what came behind it begins. */
function standStillAfterNext({ entries }: TestProxy, ms: number): void {
  entries.push = (...added) => {
    entries.push = Array.prototype.push;
    standStill(ms);
    return entries.push(...added);
  };
}

const BACKEND = `require('node:http')
  .createServer((_request, response) => setTimeout(() => response.end('in time'), 100))
  .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;

/** A backend that goes on while this process stands still. */
async function startOtherProcess(t: Test): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ['-e', BACKEND], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = child.stdout === null ? [''] : await once(child.stdout, 'data');
  return Number(String(line));
}

t.test('a connect that begins when the proxy has stood still has all of its time', async (t) => {
  const port = await startUnreachable(t);
  if (port === undefined) return t.comment('no such backend can be made here');
  const settings = { timeouts: { connectMs: 1_000 }, retry: { attempts: 0 } };
  const proxy = await startProxy(t, [{ backends: [port], settings }]);
  const client = await connectRaw(t, proxy.port);
  standStillAfterNext(proxy, 900);
  client.send(get('nobody.localhost') + get('test.localhost'));
  t.same(
    (await responses(client, 2)).map(({ status }) => status),
    [404, 504],
  );
  t.ok((proxy.entries[1]?.durationMs ?? 0) >= 1_000, `given up after ${proxy.entries[1]?.durationMs} ms`);
});

t.test('what came while the proxy stood still is read before anything is given up', async (t) => {
  const port = await startOtherProcess(t);
  // The time is up in the middle, at the end and just after it.
  for (const responseMs of [300, 500, 550]) {
    const settings = { timeouts: { responseMs }, retry: { attempts: 0 } };
    const proxy = await startProxy(t, [{ backends: [port], settings }]);
    const client = await connectRaw(t, proxy.port);
    standStillAfterNext(proxy, 100);
    client.send(get('nobody.localhost') + get('test.localhost'));
    setTimeout(() => standStill(500), 130);
    const [, second] = await responses(client, 2);
    t.match(second, { status: 200, body: 'in time' }, `${responseMs} ms`);
  }
});
