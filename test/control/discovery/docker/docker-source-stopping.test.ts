import t from 'tap';
import { settle } from '../../../support/clock.ts';
import { followEngine } from '../../../support/docker-source.ts';
import { containerId, type FakeEngine, makeEntry } from '../../../support/fake-engine.ts';

function withOne(engine: FakeEngine): void {
  engine.entries = [makeEntry({ id: 'a' })];
}

t.test('a container that is sent SIGTERM drains before it dies', async (t) => {
  const { engine, claim } = await followEngine(t, withOne);
  engine.holdAnswers();
  engine.emit('a', 'kill', 15);
  t.match(claim('shop-a')?.serves?.health, { flags: ['Draining'], reason: 'the container was sent SIGTERM' });
  engine.releaseAnswers();
  await settle();
  t.match(claim('shop-a')?.serves?.health, { flags: ['Draining'] }, 'also by what the Engine lists then');
  engine.entries = [makeEntry({ id: 'a', state: 'exited' })];
  engine.emit('a', 'die');
  await settle();
});

t.test('after it died it has no address, and its host stays known', async (t) => {
  const { engine, clock, claim } = await followEngine(t, withOne);
  engine.emit('a', 'kill', 15);
  await settle();
  engine.entries = [makeEntry({ id: 'a', state: 'exited' })];
  engine.emit('a', 'die');
  await clock.advance(100);
  t.match(claim('shop-a'), { serves: undefined, routes: [{ host: 'shop.localhost' }] });
});

t.test('SIGUSR2 drains only a container whose image stops by it', async (t) => {
  const { engine, clock, claim } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' }), makeEntry({ id: 'b' })];
    engine.stopSignals = { [containerId('b')]: 'SIGUSR2' };
  });
  engine.emit('a', 'kill', 12);
  engine.emit('b', 'kill', 12);
  await clock.advance(200);
  t.equal(claim('shop-a')?.serves?.health, undefined);
  t.match(claim('shop-b')?.serves?.health, { flags: ['Draining'], reason: /SIGUSR2/ });
});

t.test('a container that survives its signal serves again after a while', async (t) => {
  const { engine, clock, claim } = await followEngine(t, withOne);
  engine.emit('a', 'kill', 15);
  await clock.advance(29_000);
  t.match(claim('shop-a')?.serves?.health, { flags: ['Draining'] });
  await clock.advance(1_000);
  t.equal(claim('shop-a')?.serves?.health, undefined);
});

t.test('a restarted container is a new backend without a signal against it', async (t) => {
  const { engine, clock, claim } = await followEngine(t, withOne);
  const before = claim('shop-a')?.serves?.key;
  engine.emit('a', 'kill', 15);
  engine.emit('a', 'die');
  engine.emit('a', 'start');
  await clock.advance(200);
  const restarted = claim('shop-a')?.serves;
  t.not(restarted?.key, before);
  t.equal(restarted?.health, undefined);
  engine.emit('a', 'die');
  engine.emit('a', 'start');
  await clock.advance(200);
  t.not(claim('shop-a')?.serves?.key, restarted?.key, 'each time anew');
});

t.test('a container that is only touched stays the backend that it was', async (t) => {
  const { engine, clock, claim } = await followEngine(t, withOne);
  const before = claim('shop-a')?.serves?.key;
  for (const action of ['pause', 'unpause', 'health_status', 'rename', 'connect']) {
    engine.emit('a', action);
    await clock.advance(200);
    t.equal(claim('shop-a')?.serves?.key, before, action);
  }
});

t.test('what Docker says of a container’s health arrives with its event', async (t) => {
  const { engine, clock, claim } = await followEngine(t, withOne);
  engine.entries = [makeEntry({ id: 'a', status: 'Up 1 second (unhealthy)' })];
  engine.emit('a', 'health_status');
  await clock.advance(200);
  t.match(claim('shop-a')?.serves?.health, { flags: ['FailedCheck'] });
  engine.entries = [makeEntry({ id: 'a', status: 'Up 9 seconds (healthy)' })];
  engine.emit('a', 'health_status');
  await clock.advance(200);
  t.equal(claim('shop-a')?.serves?.health, undefined);
});
