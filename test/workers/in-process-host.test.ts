import { execFileSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { type Listening, listenTcp } from '../../src/data/socket/listen.ts';
import { systemClock } from '../../src/model/clock.ts';
import type { Plane } from '../../src/model/data-plane.ts';
import type { Listener } from '../../src/model/listener.ts';
import { NO_TRAFFIC } from '../../src/model/stats.ts';
import { InProcessHost } from '../../src/workers/in-process-host.ts';
import { canShareOut } from '../../src/workers/sockets.ts';
import { isRefused } from '../support/client.ts';
import { freePort } from '../support/free-port.ts';
import { listenerOn } from '../support/listener.ts';

const CONNECTIONS = 128;

/** A host whose plane only counts connections. */
function makeHost(t: Test) {
  const listening: Listening[] = [];
  const counts = { accepted: 0 };
  const plane: Plane = {
    apply: () => {},
    adoptKeyring: () => {},
    adopt: () => {},
    async listen(listener, bound = {}) {
      const one = await listenTcp(listener, bound, {
        accepted: () => {
          counts.accepted++;
        },
        serve: (transport) => transport.destroy(),
      });
      listening.push(one);
      return one.address;
    },
    stats: () => NO_TRAFFIC,
    stop: async () => {
      for (const one of listening) one.close();
    },
  };
  const host = new InProcessHost(plane, systemClock);
  t.teardown(() => host.stop(0));
  return { host, counts };
}

/** Connects so many times while this process stands still, and goes: all wait to be accepted. */
function connectMany(port: number): void {
  const code = `let left = ${CONNECTIONS};
    const onConnect = () => --left || process.exit();
    for (let i = left; i > 0; i--) require('node:net').connect(${port}, '127.0.0.1', onConnect);`;
  execFileSync(process.execPath, ['-e', code]);
}

const skip = canShareOut() ? false : 'this platform does not share connections out';

t.test('a turn of the loop accepts many of the connections that wait', { skip }, async (t) => {
  const { host, counts } = makeHost(t);
  const [listener] = await host.start([listenerOn()]);
  connectMany(listener?.address.port ?? 0);
  let turns = 0;
  while (counts.accepted < CONNECTIONS) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
    if (turns > 10 * CONNECTIONS) break;
  }
  t.equal(counts.accepted, CONNECTIONS, 'none is lost');
  t.ok(turns < CONNECTIONS / 2, `${turns} turns`);
});

t.test('a port that somebody has is refused with a sentence', async (t) => {
  const [listener] = await makeHost(t).host.start([listenerOn()]);
  const port = listener?.address.port ?? 0;
  await t.rejects(makeHost(t).host.start([listenerOn(port)]), {
    message: `cannot listen on 127.0.0.1:${port} (http): another process listens there`,
  });
});

t.test(
  'an address of which the port was left open says which it was given, and the name that was asked',
  async (t) => {
    const asked = listenerOn(0, { address: { host: 'localhost', port: 0 } });
    const [listener] = await makeHost(t).host.start([asked]);
    t.equal(listener?.address.host, 'localhost');
    t.ok((listener?.address.port ?? 0) > 0);
  },
);

t.test('of several listeners all take connections, or when one cannot none does', async (t) => {
  const [taken, ...rest] = await makeHost(t).host.start([listenerOn(), listenerOn(0, { name: 'http-2' })]);
  t.equal(rest.length, 1);
  for (const { address } of [taken as Listener, ...rest]) t.equal(await isRefused(address.port), false);
  const free = await freePort();
  const inUse = listenerOn(taken?.address.port, { name: 'http-2' });
  await t.rejects(makeHost(t).host.start([listenerOn(free), inUse]), {
    message: `cannot listen on 127.0.0.1:${inUse.address.port} (http-2): another process listens there`,
  });
  t.equal(await isRefused(free), true);
});
