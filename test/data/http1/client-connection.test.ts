import { Duplex } from 'node:stream';
import t from 'tap';
import { ProxyError } from '../../../src/data/errors.ts';
import { ClientConnection } from '../../../src/data/http1/client-connection.ts';
import type { ServerContext } from '../../../src/data/http1/server-context.ts';
import { Intake } from '../../../src/data/listener/intake.ts';
import type { Downstream, Exchange } from '../../../src/data/proxy/exchange.ts';
import { makeSettings } from '../../../src/data/settings.ts';
import { transportOn } from '../../../src/data/socket/socket-transport.ts';
import { Sweep } from '../../../src/data/sweep.ts';
import { FakeClock, settle } from '../../support/clock.ts';
import { responseHead } from '../../support/heads.ts';
import { listenerOn } from '../../support/listener.ts';
import { heapInUse } from '../../support/memory.ts';
import { TEST_OPTIONS } from '../../support/proxy.ts';

/** A client whose side of the connection the test is: it takes nothing until told to. */
class FakeSocket extends Duplex {
  readonly remoteAddress = '192.0.2.1';
  taken = '';
  isReset = false;
  #waiting: (() => void)[] = [];
  isTaking = false;

  override _read(): void {}
  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    const take = () => {
      this.taken += bytes.toString('latin1');
      done();
    };
    if (this.isTaking) take();
    else this.#waiting.push(take);
  }
  takeAll(): void {
    this.isTaking = true;
    for (const take of this.#waiting.splice(0)) take();
  }
  resetAndDestroy(): void {
    this.isReset = true;
    this.destroy();
  }
}

/** A client's connection, whose exchanges the test answers. */
function makeConnection() {
  const clock = new FakeClock();
  const sweep = new Sweep(clock);
  const exchanges: Exchange[] = [];
  const downstreams: Downstream[] = [];
  const failed: string[] = [];
  const turns: (() => void)[] = [];
  const intake = new Intake((run) => turns.push(run));
  const context: ServerContext = {
    intake,
    sweep,
    settings: makeSettings({ ...TEST_OPTIONS, bodyTimeout: 30_000 }),
    instance: 'fairlead-0123abcd',
    elapsed: () => clock.elapsed(),
    clients: { isStopping: false, admit: () => true, delete: () => {} },
    exchanges: {
      open: (exchange) => {
        exchanges.push(exchange);
        downstreams.push(exchange.downstream);
      },
      clientFailed: (_exchange, error) => failed.push(error.code),
      refused: () => {},
      broke: (_exchange, error) => {
        throw error;
      },
    },
  };
  const socket = new FakeSocket({ allowHalfOpen: true, highWaterMark: 1_000 });
  const connection = new ClientConnection(context, listenerOn(80), transportOn(socket));
  const endTurn = () => turns.shift()?.();
  /** What the latest exchange speaks to. */
  const client = () => downstreams.at(-1) as Downstream;
  return { clock, socket, connection, client, downstreams, exchanges, failed, intake, endTurn };
}

const answer = (client: Downstream, size: number, ...lines: string[]) => {
  const head = responseHead(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n${lines.join('')}\r\n`);
  client.respond(head, '');
  client.write(Buffer.alloc(size, 'x'), 0, size);
  client.end('');
  return client.flush();
};

t.test('the end of a last answer is not cut off while the client still takes its time', async (t) => {
  const { clock, socket, client } = makeConnection();
  socket.push('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
  await settle();
  t.equal(answer(client(), 5_000), 'full');
  client().exchangeEnded();
  await clock.advance(20_000);
  t.equal(socket.destroyed, false, 'it has as long as for the rest of the answer');
  socket.takeAll();
  await settle();
  t.match(socket.taken, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nx{5000}$/);
  t.equal(socket.writableFinished, true);
  await clock.advance(2_200);
  t.equal(socket.destroyed, true, 'and then it is let go');
});

t.test('a client that takes nothing of a last answer is let go as well', async (t) => {
  const { clock, socket, client } = makeConnection();
  socket.push('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
  await settle();
  answer(client(), 5_000);
  client().exchangeEnded();
  await clock.advance(30_200);
  t.equal(socket.destroyed, true);
});

t.test('a client that neither takes nor, for the backend’s sake, may send is let go', async (t) => {
  const { clock, socket, failed, client } = makeConnection();
  socket.push('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx');
  await settle();
  answer(client(), 5_000);
  client().pauseBody();
  await clock.advance(30_200);
  t.same(failed, ['client-stalled']);
});

t.test('a client that may not send is not blamed for sending nothing', async (t) => {
  const { clock, socket, failed, client } = makeConnection();
  socket.push('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx');
  await settle();
  answer(client(), 5_000);
  client().pauseBody();
  socket.takeAll();
  await settle();
  await clock.advance(500_000);
  t.same(failed, []);
  client().resumeBody();
  await clock.advance(30_200);
  t.same(failed, ['body-timeout'], 'until it may again');
});

t.test('the next request waits until the answers before it are taken', async (t) => {
  const { socket, exchanges, client } = makeConnection();
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  socket.push(get.repeat(3));
  await settle();
  answer(client(), 5_000);
  client().exchangeEnded();
  socket.push(get);
  await settle();
  t.equal(exchanges.length, 1);
  socket.takeAll();
  await settle();
  t.equal(exchanges.length, 2);
});

t.test('a client that never takes what would be next is let go', async (t) => {
  const { clock, socket, client } = makeConnection();
  socket.push('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2));
  await settle();
  answer(client(), 5_000);
  client().exchangeEnded();
  await clock.advance(29_000);
  t.equal(socket.destroyed, false);
  await clock.advance(1_200);
  t.equal(socket.destroyed, true);
});

const UPGRADE =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nGET /canary HTTP/1.1\r\nHost: a\r\n\r\n';

t.test('what follows a request for another protocol goes there when that begins', async (t) => {
  const { socket, connection, failed, client } = makeConnection();
  socket.push(UPGRADE);
  await settle();
  t.equal(connection.isUpgraded, false);
  t.match(client().detach().toString(), /^GET \/canary/);
  t.equal(connection.isUpgraded, true);
  socket.push('more');
  await settle();
  t.equal(String(socket.read()), 'more', 'and nothing more is read here');
  socket.destroy();
  await settle();
  t.same(failed, [], 'how it ends is not our affair');
});

t.test('and is never read as a request when that is refused', async (t) => {
  const { socket, exchanges, client } = makeConnection();
  socket.isTaking = true;
  socket.push(UPGRADE);
  await settle();
  client().reply({ status: 502, fields: '', body: Buffer.from('no') });
  client().exchangeEnded();
  socket.push('GET /canary HTTP/1.1\r\nHost: a\r\n\r\n');
  await settle();
  t.equal(exchanges.length, 1);
  t.match(socket.taken, /^HTTP\/1\.1 502 [\s\S]*\r\nConnection: close\r\n\r\nno$/);
  t.equal(socket.writableFinished, true);
});

t.test('a client that is gone says so once', async (t) => {
  const { socket, failed } = makeConnection();
  socket.push('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await settle();
  socket.destroy(new Error('reset'));
  await settle();
  t.same(failed, [new ProxyError('client-gone', '').code]);
});

type Made = ReturnType<typeof makeConnection>;

/** A turn brings connections, and has begun all requests that it begins. */
function flood({ intake }: Made): void {
  intake.accepted();
  while (!intake.defers({ begin: () => {}, onBroken: () => {} }));
}

/** A connection that has been served once, in such a turn. */
async function makeLate(): Promise<Made> {
  const made = makeConnection();
  made.socket.takeAll();
  made.socket.push('GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
  await settle();
  answer(made.client(), 1);
  made.client().exchangeEnded();
  // What knows of an answer that is over would keep in memory what was said.
  made.exchanges.pop();
  made.downstreams.pop();
  flood(made);
  return made;
}

t.test('a request that comes with a flood of connections begins when they are accepted', async (t) => {
  const { socket, exchanges, endTurn } = await makeLate();
  socket.push('POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab');
  await settle();
  socket.push('cdGET /two HTTP/1.1\r\nHost: a\r\n\r\n');
  await settle();
  t.same(exchanges, []);
  endTurn();
  t.same(exchanges, [], 'a connection came in that turn');
  endTurn();
  t.match(exchanges, [{ head: { target: '/one' }, body: { isComplete: true } }]);
});

t.test('the first of a connection is not kept waiting, nor one that has begun to come', async (t) => {
  const made = makeConnection();
  flood(made);
  made.socket.push('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await settle();
  t.equal(made.exchanges.length, 1);
  const late = await makeLate();
  late.endTurn();
  late.endTurn();
  late.socket.push('GET / HTTP/1.1\r\nHo');
  await settle();
  flood(late);
  late.socket.push('st: a\r\n\r\n');
  await settle();
  t.equal(late.exchanges.length, 1);
});

t.test(
  'while clients go at once, a first request begins when it is known that its client is here',
  async (t) => {
    for (const stays of [true, false]) {
      const { socket, exchanges, intake, endTurn } = makeConnection();
      intake.gone();
      socket.push('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await settle();
      endTurn();
      t.same(exchanges, []);
      if (!stays) socket.destroy();
      await settle();
      endTurn();
      t.equal(exchanges.length, stays ? 1 : 0);
    }
  },
);

t.test(
  'of a client that is gone before its turn nothing begins, one that only listens gets it',
  async (t) => {
    for (const leave of ['end', 'destroy'] as const) {
      const { socket, exchanges, endTurn } = await makeLate();
      socket.push('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await settle();
      if (leave === 'end') socket.push(null);
      else socket.destroy();
      await settle();
      endTurn();
      endTurn();
      t.equal(exchanges.length, leave === 'end' ? 1 : 0, leave);
    }
  },
);

t.test('whose request waits for its turn is not idle, so that its place is not given away', async (t) => {
  const { socket, connection } = await makeLate();
  t.not(connection.idleSince, Number.POSITIVE_INFINITY);
  socket.push('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await settle();
  t.equal(connection.idleSince, Number.POSITIVE_INFINITY);
});

t.test('a connection at rest gives back what requests took, and serves the next', async (t) => {
  const all = await Promise.all(Array.from({ length: 500 }, makeLate));
  const before = heapInUse();
  for (const { connection } of all) connection.rest();
  t.ok((before - heapInUse()) / all.length > 300, 'half a KB or so');
  const [{ socket, exchanges, endTurn, client }] = all as [Made];
  for (let i = 0; i < 2; i++) endTurn();
  socket.push('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  await settle();
  t.match(exchanges, [{ head: { target: '/next' } }]);
  t.match(client().forwarded.of(exchanges[0] as Exchange), 'X-Forwarded-For: 192.0.2.1\r\n');
});
