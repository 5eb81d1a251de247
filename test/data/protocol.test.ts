import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { Connectors } from '../../src/data/connectors.ts';
import { Intake } from '../../src/data/listener/intake.ts';
import { LiveTopology } from '../../src/data/live-topology.ts';
import { Exchanges } from '../../src/data/proxy/exchanges.ts';
import { Forwarder } from '../../src/data/proxy/forward.ts';
import { Ledger } from '../../src/data/proxy/ledger.ts';
import { StandIns } from '../../src/data/proxy/stand-ins.ts';
import { Runtime } from '../../src/data/runtime.ts';
import { makeSettings } from '../../src/data/settings.ts';
import { transportOn } from '../../src/data/socket/socket-transport.ts';
import { Judges } from '../../src/data/upstream/judges.ts';
import { systemClock } from '../../src/model/clock.ts';
import type { AccessEntry } from '../../src/telemetry/events.ts';
import { startBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { LineConnection } from '../support/line-protocol.ts';
import { makeSnapshot, TEST_OPTIONS, type TestService } from '../support/proxy.ts';

/** A port on which the protocol of lines is spoken, before these services. */
async function startLines(t: Test, services: readonly TestService[]) {
  const settings = makeSettings(TEST_OPTIONS);
  const runtime = new Runtime(systemClock, 'fairlead-0123abcd', settings);
  const judges = new Judges(runtime.sweep, systemClock, () => {});
  const topology = new LiveTopology(systemClock, Math.random, judges);
  const entries: AccessEntry[] = [];
  const events = { onAccess: (entry: AccessEntry) => entries.push(entry), onError: () => {} };
  const ledger = new Ledger(systemClock, events, settings.clientLimit);
  const connector = new Connectors(runtime, TEST_OPTIONS, []);
  const parts = {
    runtime,
    topology,
    judges,
    ledger,
    connector,
    standIns: new StandIns(''),
    makeRoom: () => {},
  };
  const exchanges = new Exchanges(new Forwarder(parts).guard, ledger, new Intake());
  topology.apply(makeSnapshot(1, services));
  const server = createServer((socket) => new LineConnection(transportOn(socket), exchanges)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    runtime.sweep.stop();
    judges.watch.stop();
    for (const { idle } of topology.backends()) for (const one of [...idle]) one.destroy();
  });
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, topology, entries };
}

/** A backend that answers its name and the body that it was sent. */
function startEcho(t: Test, name: string) {
  return startBackend(t, name, (request, response) => {
    response.write(`${name}:`);
    request.pipe(response);
  });
}

/** What is answered to such a request. */
async function say(t: Test, port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write(request);
  return text(socket);
}

t.test('another protocol has routes, balance and bodies of what it stands on', async (t) => {
  const backends = await Promise.all(['a', 'b'].map((name) => startEcho(t, name)));
  const { port, entries } = await startLines(t, [{ backends: backends.map((backend) => backend.port) }]);
  const answers: string[] = [];
  for (let i = 0; i < 4; i++) answers.push(await say(t, port, 'POST test.localhost /x 5\nhello'));
  t.same(
    answers.sort(),
    ['a', 'a', 'b', 'b'].map((name) => `200\n${name}:hello`),
  );
  t.match(entries, [{ status: 200, target: '/x', bytes: 7 }, {}, {}, {}]);
});

t.test('a body of any size passes, whichever side is slow', async (t) => {
  const backend = await startEcho(t, 'a');
  const { port } = await startLines(t, [{ backends: [backend.port] }]);
  const size = 3_000_000;
  const answer = await say(t, port, `POST test.localhost /x ${size}\n${'x'.repeat(size)}`);
  t.equal(answer.length, '200\na:'.length + size);
});

t.test('a client that leaves ends its request', async (t) => {
  let isAborted = false;
  const backend = await startBackend(t, 'a', (_request, response) => {
    response.on('close', () => {
      isAborted = true;
    });
  });
  const { port, entries } = await startLines(t, [{ backends: [backend.port] }]);
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.write('GET test.localhost /x 0\n');
  await eventually('the request', () => backend.requests.length === 1);
  socket.destroy();
  await eventually('its end', () => isAborted && entries.length === 1);
  t.match(entries, [{ status: 499, error: 'client-gone' }]);
});

t.test('and its retries, and its errors', async (t) => {
  const gone = await startBackend(t, 'gone', () => {});
  const alive = await startEcho(t, 'alive');
  await gone.kill();
  const { port, entries } = await startLines(t, [{ backends: [gone.port, alive.port] }]);
  for (let i = 0; i < 4; i++) t.equal(await say(t, port, 'GET test.localhost /x 0\n'), '200\nalive:');
  t.match(await say(t, port, 'GET other.localhost / 0\n'), /^404\n/);
  t.ok(
    entries.some(({ attempts }) => attempts === 2),
    'a refused connection was tried elsewhere',
  );
});
