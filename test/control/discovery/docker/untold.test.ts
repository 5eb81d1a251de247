import t from 'tap';
import { followEngine } from '../../../support/docker-source.ts';
import { makeEntry } from '../../../support/fake-engine.ts';

t.test('events that stop coming without a word are asked for anew', async (t) => {
  const { engine, clock, latest } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  for (const entries of [[makeEntry({ id: 'b' })], [makeEntry({ id: 'b', state: 'paused' })], []]) {
    const before = engine.negotiations;
    engine.entries = entries;
    await clock.advance(12_000);
    t.equal(engine.negotiations, before + 1, 'a list told what no event did');
    t.equal(latest().status.connected, true);
  }
});

t.test('an event that is a little later than the list is no reason', async (t) => {
  const { engine, clock } = await followEngine(t);
  engine.entries = [makeEntry({ id: 'a' })];
  await clock.advance(10_000);
  engine.emit('a', 'start');
  await clock.advance(20_000);
  t.equal(engine.negotiations, 1);
});

t.test('nor is what events told, in time or while all was listed', async (t) => {
  const { engine, clock } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  engine.holdAnswers();
  engine.entries = [makeEntry({ id: 'b' })];
  engine.emit('a', 'destroy');
  await clock.advance(10_000);
  engine.emit('b', 'start');
  engine.releaseAnswers();
  await clock.advance(60_000);
  t.equal(engine.negotiations, 1);
});

t.test('nor is what comes without an event: containers that were only created, new addresses', async (t) => {
  const { engine, clock } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  engine.entries = [makeEntry({ id: 'a', address: '172.17.0.7' }), makeEntry({ id: 'b', state: 'created' })];
  await clock.advance(60_000);
  t.equal(engine.negotiations, 1);
});

t.test('an event that is not understood is followed by a list, and may have told of it', async (t) => {
  const { engine, clock, serving } = await followEngine(t);
  engine.entries = [makeEntry({ id: 'a' })];
  engine.emitNonsense();
  engine.emitNonsense();
  await clock.advance(1_000);
  t.same(engine.questions, ['all', 'all'], 'once for all of them');
  t.same(serving(), ['shop-a']);
  await clock.advance(5_000);
  t.equal(engine.negotiations, 1);
});

t.test('a long list is not asked for as often as a short one', async (t) => {
  const { engine, clock } = await followEngine(t);
  const { containers } = engine;
  engine.containers = (ids) => {
    // It takes its time.
    clock.skip(100);
    return containers.call(engine, ids);
  };
  await clock.advance(60_000);
  t.equal(engine.questions.length, 4, 'the first ones, and then each 20 seconds');
});
