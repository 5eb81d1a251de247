import { execFileSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { type Listening, listenTcp } from '../../src/data/socket/listen.ts';
import { systemClock } from '../../src/model/clock.ts';
import { NO_TRAFFIC } from '../../src/model/stats.ts';
import type { Plane } from '../../src/model/traffic.ts';
import { LocalTraffic } from '../../src/workers/local.ts';
import { canShareOut } from '../../src/workers/sockets.ts';

const FREE = { host: '127.0.0.1', port: 0 };
const CONNECTIONS = 128;

/** Traffic whose plane only counts connections. */
function makeTraffic(t: Test) {
  const listening: Listening[] = [];
  const counts = { accepted: 0 };
  const plane: Plane = {
    apply: () => {},
    adopt: () => {},
    async listen(address) {
      const one = await listenTcp(address, (socket) => {
        counts.accepted++;
        socket.on('error', () => {}).destroy();
      });
      listening.push(one);
      return one.address;
    },
    stats: () => NO_TRAFFIC,
    stop: async () => {
      for (const one of listening) one.close();
    },
  };
  const traffic = new LocalTraffic(plane, systemClock);
  t.teardown(() => traffic.stop(0));
  return { traffic, counts };
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
  const { traffic, counts } = makeTraffic(t);
  const [{ port } = FREE] = await traffic.start([FREE]);
  connectMany(port);
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
  const [{ port } = FREE] = await makeTraffic(t).traffic.start([FREE]);
  await t.rejects(makeTraffic(t).traffic.start([{ ...FREE, port }]), {
    message: `cannot listen on 127.0.0.1:${port} (http): another process listens there`,
  });
});

t.test(
  'an address of which the port was left open says which it was given, and the name that was asked',
  async (t) => {
    const [address] = await makeTraffic(t).traffic.start([{ host: 'localhost', port: 0 }]);
    t.equal(address?.host, 'localhost');
    t.ok((address?.port ?? 0) > 0);
  },
);
