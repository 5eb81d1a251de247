import t from 'tap';
import { settle } from '../../../support/clock.ts';
import { followEngine } from '../../../support/docker-source.ts';
import { makeEntry } from '../../../support/fake-engine.ts';

const REFUSED = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

t.test('an Engine that does not answer at first is said to, with the reason', async (t) => {
  const { clock, latest } = await followEngine(t, (engine) => {
    engine.failure = REFUSED;
  });
  t.same(latest(), {
    status: {
      name: 'docker',
      target: 'unix:///run/docker.sock',
      connected: false,
      staleSince: clock.now(),
      error: 'nobody answers at unix:///run/docker.sock: is Docker running?',
    },
    claims: [],
    problems: [
      {
        severity: 'error',
        source: 'docker',
        subject: 'docker',
        where: '',
        message: 'nobody answers at unix:///run/docker.sock: is Docker running?',
        hint: 'what is known of it stays until it answers',
      },
    ],
  });
});

t.test('that an Engine does not answer is a problem until it does, the same at each try', async (t) => {
  const { engine, clock, latest, contributions } = await followEngine(t, (engine) => {
    engine.failure = REFUSED;
  });
  await clock.advance(60_000);
  // The first one only says who is waited for.
  const told = contributions.filter((one) => !one.isPartial).map(({ problems }) => JSON.stringify(problems));
  t.ok(told.length > 5, 'it was tried');
  t.equal(new Set(told).size, 1);
  engine.failure = undefined;
  await clock.advance(11_000);
  t.same(latest().problems, []);
});

t.test('a lost Engine keeps the last state, and says since when it is stale', async (t) => {
  const { engine, clock, latest, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  await clock.advance(5_000);
  const lostAt = clock.now();
  engine.failure = REFUSED;
  engine.endStream(new Error('read ECONNRESET'));
  await settle();
  t.same(serving(), ['shop-a']);
  t.match(latest().status, { connected: false, staleSince: lostAt, error: 'read ECONNRESET' });
  await clock.advance(60_000);
  t.same(serving(), ['shop-a'], 'however long it lasts');
  t.match(latest().status, { staleSince: lostAt, error: /nobody answers/ }, 'since the first loss');
});

t.test('an event stream that ends is a loss as well', async (t) => {
  const { engine, latest } = await followEngine(t);
  engine.endStream();
  await settle();
  t.match(latest().status, { connected: false, error: 'the event stream ended' });
});

t.test('it connects again later and later, up to each ten seconds', async (t) => {
  const { engine, clock } = await followEngine(t, (engine) => {
    engine.failure = REFUSED;
  });
  const waits: number[] = [];
  for (let waited = 0; waits.length < 9; waited += 250) {
    if (engine.negotiations > waits.length + 1) {
      waits.push(waited);
      waited = 0;
    }
    await clock.advance(250);
  }
  t.same(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
});

t.test('once connected, the next loss begins with a short wait again', async (t) => {
  const { engine, clock, latest } = await followEngine(t, (engine) => {
    engine.failure = REFUSED;
  });
  await clock.advance(20_000);
  engine.failure = undefined;
  await clock.advance(10_000);
  t.equal(latest().status.connected, true);
  engine.endStream();
  await settle();
  t.equal(latest().status.connected, false);
  await clock.advance(250);
  t.equal(latest().status.connected, true);
});

t.test('reconnected, all containers are listed anew and nothing is stale', async (t) => {
  const { engine, clock, latest, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  engine.endStream();
  engine.entries = [makeEntry({ id: 'b' })];
  await clock.advance(250);
  t.same(engine.questions, ['all', 'all']);
  t.same(serving(), ['shop-b']);
  t.same(latest().status, { name: 'docker', target: 'unix:///run/docker.sock', connected: true });
  engine.entries = [makeEntry({ id: 'c' })];
  engine.emit('c', 'start');
  await settle();
  t.ok(serving().includes('shop-c'), 'and events are heard again');
});

t.test('a list that fails while the stream lives is a loss, with its own reason', async (t) => {
  const { engine, clock, latest, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  engine.failure = REFUSED;
  await clock.advance(10_000);
  t.notOk(engine.isFollowed);
  t.match(latest().status, { connected: false, error: /nobody answers/ });
  t.same(serving(), ['shop-a']);
});

t.test('a first list that fails is a loss, with its own reason', async (t) => {
  const { engine, clock, latest } = await followEngine(t, (engine) => {
    engine.containers = () => Promise.reject(new Error('500 server error'));
  });
  t.match(latest().status, { connected: false, error: '500 server error' });
  await clock.advance(250);
  t.equal(engine.negotiations, 2);
});

t.test('a list that was asked for before a loss changes nothing after it', async (t) => {
  const { engine, clock, serving, latest } = await followEngine(t);
  engine.holdAnswers();
  engine.entries = [makeEntry({ id: 'a' })];
  await clock.advance(10_000);
  engine.failure = REFUSED;
  engine.endStream(new Error('gone'));
  await settle();
  engine.releaseAnswers();
  await settle();
  t.same(serving(), []);
  t.equal(latest().status.connected, false);
});

t.test('once stopped it says nothing and asks nothing any more', async (t) => {
  const { engine, clock, contributions, stop } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  engine.emit('a', 'kill', 15);
  await settle();
  engine.emit('a', 'die');
  stop();
  await settle();
  const before = contributions.length;
  const asked = engine.questions.length;
  await clock.advance(120_000);
  t.notOk(engine.isFollowed);
  t.equal(contributions.length, before);
  t.equal(engine.questions.length, asked);
});

t.test('once stopped while the Engine is away it does not come back', async (t) => {
  const { engine, clock, stop } = await followEngine(t, (engine) => {
    engine.failure = REFUSED;
  });
  stop();
  t.equal(clock.pending, 0);
  await clock.advance(60_000);
  t.equal(engine.negotiations, 1);
});

t.test('an Engine whose stream ends at once is listed all the same', async (t) => {
  const { engine, clock, serving, latest } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
    engine.events = async (_onEvent, onOpen) => onOpen();
  });
  t.same(serving(), ['shop-a']);
  t.match(latest().status, { connected: false, error: 'the event stream ended' });
  engine.entries = [makeEntry({ id: 'b' })];
  await clock.advance(250);
  t.same(serving(), ['shop-b']);
});
