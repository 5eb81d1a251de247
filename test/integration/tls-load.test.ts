import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { startCli } from '../support/cli.ts';
import { ask, reset } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { keyringOf, makePair } from '../support/keyring.ts';
import { startManualBackend } from '../support/manual.ts';
import { exchange } from '../support/responses.ts';
import { connectTls, startTlsProxy } from '../support/tls.ts';

const HOST = 'shop.localhost';

/** Clients that ask until they are told to end: each on a connection of its own, or all requests on one. */
function startClients(t: Test, port: number, servername: string, isKept: boolean, count = 4) {
  const shown = new Set<string>();
  const failures: string[] = [];
  let asked = 0;
  let isOver = false;
  const askOnce = async (client: Awaited<ReturnType<typeof connectTls>>, keep: boolean) => {
    const lines = ['GET / HTTP/1.1', `Host: ${servername}`, ...(keep ? [] : ['Connection: close']), '', ''];
    const { status } = await exchange(client, lines.join('\r\n'));
    if (status !== 200) failures.push(String(status));
    asked++;
  };
  const run = async () => {
    while (!isOver) {
      try {
        const client = await connectTls(t, port, { servername });
        shown.add(client.socket.getPeerCertificate().fingerprint256);
        await askOnce(client, isKept);
        // A server that stops may close a connection between two requests: then there is another one.
        while (isKept && !isOver && !client.isClosed && !client.socket.readableEnded) {
          await after(5);
          if (client.isClosed) break;
          await askOnce(client, true);
        }
        client.below.destroy();
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const runs = Array.from({ length: count }, run);
  return {
    shown,
    failures,
    asked: () => asked,
    async stop() {
      isOver = true;
      await Promise.all(runs);
    },
  };
}

t.test('certificates change under load, and no request fails', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startTlsProxy(t, [{ backends: [backend.port] }]);
  const pairs = await Promise.all(Array.from({ length: 4 }, () => makePair(['test.localhost'])));
  const fresh = startClients(t, proxy.port, 'test.localhost', false);
  const kept = startClients(t, proxy.port, 'test.localhost', true);
  for (const [i, pair] of [...pairs, ...pairs].entries()) {
    const before = fresh.asked() + kept.asked();
    const ticketSecret = String(i).padStart(64, '0');
    proxy.plane.adoptKeyring(keyringOf([pair], { version: i, ticketSecret }));
    await eventually('some more are answered', () => fresh.asked() + kept.asked() > before + 20);
  }
  await fresh.stop();
  await kept.stop();
  t.strictSame([...fresh.failures, ...kept.failures], []);
  t.ok(fresh.shown.size >= 4, `${fresh.shown.size} certificates were shown`);
});

t.test('workers share tickets, and are replaced under load without a failed request', async (t) => {
  const backend = await startBackend(t, 'a');
  const folder = t.testdir({
    'fairlead.yaml': `services: { shop: { host: ${HOST}, backends: [http://127.0.0.1:${backend.port}] } }\n`,
  });
  const flags = ['--https', '127.0.0.1:0', '--data', `${folder}/data`, '--workers', '2'];
  const { cli, https, admin } = await startCli(t, 'serve', [...flags, '--config', `${folder}/fairlead.yaml`]);
  const state = async () => JSON.parse((await ask(admin, { path: '/api/snapshot' })).body);

  const options = { servername: HOST, maxVersion: 'TLSv1.2' } as const;
  const first = await connectTls(t, https, options);
  const session = first.socket.getSession();
  const clients = [];
  for (let i = 0; i < 16; i++) clients.push(await connectTls(t, https, { ...options, session }));
  t.ok(
    clients.every(({ socket }) => socket.isSessionReused()),
    'wherever they come to',
  );
  const connections: number[] = (await state()).workers.map(
    (one: { connections: number }) => one.connections,
  );
  t.ok(connections.length === 2 && connections.every((count) => count > 0), `that is ${connections}`);

  const pids = async () => (await state()).workers.map(({ pid }: { pid: number }) => pid) as number[];
  const before = await pids();
  const load = startClients(t, https, HOST, false);
  cli.child.kill('SIGHUP');
  await eventually('both are others', async () => {
    const now = await pids();
    return now.length === 2 && !now.some((pid) => before.includes(pid));
  });
  await load.stop();
  t.strictSame(load.failures, []);
  t.ok(load.asked() > 0);
  t.equal(
    (await connectTls(t, https, { ...options, session })).socket.isSessionReused(),
    true,
    'and they know the tickets of those before',
  );
});

const CURL = hasCurl() ? {} : { skip: 'needs curl' };

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

t.test(
  'curl takes a response that is cut for an error, and one that ends for a whole one',
  CURL,
  async (t) => {
    const backend = await startManualBackend(t);
    const services = [{ backends: [backend.port], settings: { retry: { attempts: 0 } } }];
    const { port } = await startTlsProxy(t, services);
    for (const [index, [end, code]] of (
      [
        [reset, 56],
        [(socket: Socket) => socket.end(), 0],
      ] as const
    ).entries()) {
      // Without a length, to HTTP/1.0: only the end of the connection says whether it was all.
      const url = `https://test.localhost:${port}/`;
      const curl = spawn('curl', ['-skN0', '--resolve', `test.localhost:${port}:127.0.0.1`, url]);
      const ended = once(curl, 'exit');
      const arrived = once(curl.stdout, 'data');
      await backend.head(index);
      const { socket } = await backend.connection(index);
      socket.write('HTTP/1.1 200 OK\r\n\r\nsome');
      t.equal(String((await arrived)[0]), 'some');
      end(socket);
      t.equal((await ended)[0], code);
    }
  },
);

t.test('a large body comes whole over TLS, whoever is slow', async (t) => {
  const body = Buffer.alloc(3_000_000, 'abcdefghijklmnop');
  const backend = await startBackend(t, 'a', (_, response) => response.end(body));
  const { port } = await startTlsProxy(t, [{ backends: [backend.port] }]);
  const client = await connectTls(t, port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: close\r\n\r\n');
  client.socket.pause();
  await after(50);
  client.socket.resume();
  await once(client.socket, 'close');
  t.equal(client.received.slice(client.received.indexOf('\r\n\r\n') + 4), body.toString());
});
