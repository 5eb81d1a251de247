import t, { type Test } from 'tap';
import { readContainer } from '../../../../src/control/discovery/docker/container.ts';
import { readEvent } from '../../../../src/control/discovery/docker/event.ts';
import { type FollowedEngine, followEngine } from '../../../support/docker-source.ts';
import { containerId, type EntryParts, makeEntry } from '../../../support/fake-engine.ts';

const follow = (t: Test, ...entries: EntryParts[]) =>
  followEngine(t, (engine) => {
    engine.entries = entries.map(makeEntry);
  });

/** Ends and is started again, so often, a second each. */
async function crash({ engine, clock }: FollowedEngine, id: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    engine.emitEnd(id, 1);
    await clock.advance(500);
    engine.emit(id, 'start');
    await clock.advance(500);
  }
}

function told({ latest }: FollowedEngine): string[] {
  return latest()
    .problems.filter(({ where }) => where === 'restarts')
    .map(({ severity, subject, message }) => `${severity}: ${subject}: ${message}`);
}

t.test('a container that crashes and is restarted again and again is a problem of its name', async (t) => {
  const followed = await follow(t, { id: 'a' }, { id: 'b' });
  await crash(followed, 'a', 2);
  t.strictSame(told(followed), [], 'twice is no loop');
  await crash(followed, 'a', 1);
  t.strictSame(told(followed), [
    'error: shop-a: it ends with exit code 1 and is started anew, 3 times within 2s',
  ]);
});

t.test('a loop is told anew at 10, 30, 100 times, not each time', async (t) => {
  const followed = await follow(t, { id: 'a' });
  await crash(followed, 'a', 120);
  const all = followed.contributions.flatMap(({ problems }) => problems.map(({ message }) => message));
  t.strictSame(
    [...new Set(all)].map((message) => message.replace(/.*anew, /, '')),
    ['3 times within 2s', '10 times within 9s', '30 times within 29s', '100 times within 99s'],
  );
});

t.test('a loop is over when the container has run for a minute, and its timer with it', async (t) => {
  const followed = await follow(t, { id: 'a' });
  const { pending } = followed.clock;
  await crash(followed, 'a', 4);
  await followed.clock.advance(58_000);
  t.equal(told(followed).length, 1);
  await followed.clock.advance(6_000);
  t.strictSame(told(followed), []);
  t.equal(followed.clock.pending, pending);
  await crash(followed, 'a', 1);
  t.strictSame(told(followed), [], 'and the next end is the first one');
});

t.test('a loop goes on while Docker waits for a minute', async (t) => {
  const followed = await follow(t, { id: 'a' });
  await crash(followed, 'a', 3);
  followed.engine.emitEnd('a', 1);
  for (let i = 0; i < 5; i++) {
    await followed.clock.advance(61_000);
    t.equal(told(followed).length, 1);
    followed.engine.emit('a', 'start');
    followed.engine.emitEnd('a', 1);
  }
  await followed.clock.advance(125_000);
  t.strictSame(told(followed), [], 'and is over when Docker does not start it any more');
});

t.test('stops, restarts and deploys by people are no loops', async (t) => {
  const followed = await follow(t, { id: 'a' });
  for (let i = 0; i < 10; i++) {
    followed.engine.emit('a', 'kill', 15);
    await crash(followed, 'a', 1);
  }
  t.strictSame(told(followed), []);
  await crash(followed, 'a', 3);
  t.equal(told(followed).length, 1);
  followed.engine.emit('a', 'kill', 15);
  followed.engine.emitEnd('a', 143);
  await followed.clock.advance(200);
  t.strictSame(told(followed), [], 'who stops one that crashes has seen it');
});

t.test('a loop of a container that is removed is no problem any more', async (t) => {
  const followed = await follow(t, { id: 'a' });
  await crash(followed, 'a', 3);
  followed.engine.entries = [];
  followed.engine.emit('a', 'destroy');
  await followed.clock.advance(200);
  t.strictSame(told(followed), []);
});

t.test('one that is found restarting is a problem as soon as it is seen to wait', async (t) => {
  const state = { state: 'restarting', status: 'Restarting (127) 3 seconds ago' };
  const followed = await follow(t, { id: 'a', ...state });
  t.strictSame(told(followed), []);
  await followed.clock.advance(6_000);
  const message = 'it ends with exit code 127 and is started anew, again and again';
  t.strictSame(told(followed), [`error: shop-a: ${message}`]);
});

t.test('containers that ask for nothing of Fairlead may crash as they like', async (t) => {
  const followed = await follow(t, { id: 'a', labels: {} });
  await crash(followed, 'a', 20);
  t.strictSame(told(followed), []);
});

t.test('of thousands of loops fifty are named, and the others counted', async (t) => {
  const ids = Array.from({ length: 5_000 }, (_, i) => i.toString(16).padStart(4, '0'));
  const followed = await follow(t, ...ids.map((id) => ({ id })));
  for (let i = 0; i < 3; i++) {
    for (const id of ids) followed.engine.emitEnd(id, 1);
    await followed.clock.advance(500);
    for (const id of ids) followed.engine.emit(id, 'start');
    await followed.clock.advance(500);
  }
  t.equal(told(followed).length, 51);
  t.match(told(followed).at(-1), /docker: 4,950 more containers end and are started anew/);
});

t.test('the exit code is read of events of Docker and of Podman, and of lists', async (t) => {
  const event = (attributes: object) =>
    readEvent(
      JSON.stringify({ Type: 'container', Action: 'die', Actor: { ID: 'abc', Attributes: attributes } }),
    );
  t.equal(event({ exitCode: '137' })?.exitCode, 137);
  t.equal(event({ containerExitCode: '3' })?.exitCode, 3);
  t.equal(event({ exitCode: '<b>' })?.exitCode, undefined);
  const entry = (status: string) =>
    readContainer({ Id: containerId('a'), State: 'restarting', Status: status });
  t.equal(entry('Restarting (1) Less than a second ago')?.exitCode, 1);
  t.equal(entry('Exited (1) 3 seconds ago')?.exitCode, undefined);
});
