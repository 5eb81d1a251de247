import t from 'tap';
import { settle } from '../../../support/clock.ts';
import { followEngine } from '../../../support/docker-source.ts';
import { type FakeEngine, makeEntry } from '../../../support/fake-engine.ts';

// The Engine tells of a change a moment before its list shows it.
function withOne(engine: FakeEngine): void {
  engine.entries = [makeEntry({ id: 'a' })];
}

t.test('a container that died does not serve, even if it is still listed as running', async (t) => {
  const { engine, clock, serving } = await followEngine(t, withOne);
  engine.emit('a', 'die');
  await settle();
  t.same(serving(), []);
  engine.entries = [makeEntry({ id: 'a', state: 'exited' })];
  await clock.advance(400);
  t.same(serving(), [], 'nor when the list has caught up');
});

t.test('a paused container is out at once, and back at once', async (t) => {
  const { engine, clock, claim } = await followEngine(t, withOne);
  engine.emit('a', 'pause');
  await settle();
  t.match(claim('shop-a')?.serves?.health, { reason: 'the container is paused' });
  await clock.advance(100);
  engine.emit('a', 'unpause');
  await clock.advance(100);
  t.equal(claim('shop-a')?.serves?.health, undefined);
});

t.test('a HEALTHCHECK counts from its event on', async (t) => {
  const { engine, claim } = await followEngine(t, withOne);
  engine.emit('a', 'health_status', Number.NaN, 'unhealthy');
  await settle();
  t.match(claim('shop-a')?.serves?.health, { reason: 'its HEALTHCHECK fails' });
});

t.test('when the list has caught up, it alone counts', async (t) => {
  const { engine, clock, claim } = await followEngine(t, withOne);
  engine.emit('a', 'pause');
  await clock.advance(400);
  t.equal(claim('shop-a')?.serves?.health, undefined, 'an event that the list never confirms is forgotten');
});
