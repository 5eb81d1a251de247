import t from 'tap';
import { settle } from '../support/clock.ts';
import { makeSnapshot } from '../support/proxy.ts';
import { type FakeProcess, startScene } from '../support/worker-processes.ts';

t.test('a worker that dies is replaced at once, with what is known by then', async (t) => {
  const { supervisor, processes, started, clock } = await startScene(t, 2);
  supervisor.apply(makeSnapshot(1, [{ backends: [80] }]));
  started(0).die();
  await clock.advance(0);
  t.equal(processes.length, 3);
  t.match(started(2).received[0], { kind: 'start', worker: 1, snapshot: { version: 1 } });
  t.match(supervisor.slots(), [{ restarts: 1 }, { restarts: 0 }]);
  t.strictSame(supervisor.alarms(), []);
});

t.test('whoever serves takes the connections of one that died, and keeps them', async (t) => {
  const { processes, started, clock } = await startScene(t, 3, (process) => {
    process.isResponsive = process.pid !== 1_003;
  });
  t.notOk(
    processes.some(({ kinds }) => kinds.includes('cover')),
    'nobody while all begin',
  );
  started(1).die();
  await clock.advance(0);
  t.strictSame(started(0).received.at(-1), { kind: 'cover', worker: 2 });
  t.notOk(started(2).kinds.includes('cover'), 'one is enough');
  started(3).die();
  await clock.advance(0);
  t.equal(started(0).kinds.filter((kind) => kind === 'cover').length, 1, 'it does already');
  started(0).die();
  await clock.advance(0);
  t.strictSame(
    started(2).received.filter(({ kind }) => kind === 'cover'),
    [
      { kind: 'cover', worker: 1 },
      { kind: 'cover', worker: 2 },
    ],
    'when that one dies as well, another takes both',
  );
});

t.test('when all have died, the first that is back takes everything', async (t) => {
  const { started, clock } = await startScene(t, 2, (process) => {
    process.isResponsive = process.pid < 1_002;
  });
  started(0).die();
  started(1).die();
  await clock.advance(0);
  started(3).say({ kind: 'serving' });
  await settle();
  t.strictSame(started(3).received.at(-1), { kind: 'cover', worker: 1 });
});

t.test('one that keeps dying is started ever more rarely, and a person hears of it', async (t) => {
  const { supervisor, processes, clock } = await startScene(t, 1, undefined, {});
  const startedAfter: number[] = [];
  for (let death = 0; death < 10; death++) {
    const count = processes.length;
    processes.at(-1)?.die('exit code 1');
    const since = clock.elapsed();
    while (processes.length === count) await clock.advance(100);
    startedAfter.push(clock.elapsed() - since);
  }
  t.strictSame(startedAfter.slice(1, 8), [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  t.ok((startedAfter[0] ?? 1_000) <= 100, 'the first at once');
  t.equal(startedAfter.at(-1), 30_000, 'and never more rarely than that');
  t.strictSame(supervisor.alarms(), ['worker 1 keeps dying: 10 times in a row, last by exit code 1']);
  await clock.advance(30_000);
  t.strictSame(supervisor.alarms(), [], 'until it has served for a while');
  const count = processes.length;
  processes.at(-1)?.die();
  await clock.advance(0);
  t.equal(processes.length, count + 1, 'then a death is the first one again');
});

t.test('a worker that cannot begin is tried again', async (t) => {
  const { processes, started, clock } = await startScene(t, 1, (process) => {
    if (process.pid === 1_001) process.isResponsive = false;
  });
  started(0).die();
  await clock.advance(0);
  started(1).say({ kind: 'failed', message: 'no memory' });
  started(1).die('exit code 0');
  await clock.advance(500);
  t.equal(processes.length, 3);
});

t.test('one that hangs is ended and replaced', async (t) => {
  const { processes, started, clock } = await startScene(t, 2);
  await clock.advance(10_000);
  started(1).isResponsive = false;
  await clock.advance(39_000);
  t.equal(processes.length, 2);
  await clock.advance(4_000);
  t.equal(await started(1).exited, 'SIGKILL');
  t.equal(processes.length, 3);
});

t.test(
  'a reload replaces one after the other: the new one serves before the old one is told to stop',
  async (t) => {
    const isHeld = (process: FakeProcess) => process.pid >= 1_002;
    const { supervisor, processes, started } = await startScene(t, 2, (process) => {
      process.isResponsive = !isHeld(process);
    });
    const reloaded = supervisor.reload();
    await settle();
    t.equal(processes.length, 3);
    t.notOk(started(0).kinds.includes('stop'));
    started(2).say({ kind: 'serving' });
    await settle();
    t.same(started(0).received.at(-1), { kind: 'stop', graceMs: 5_000 });
    t.equal(processes.length, 4);
    t.notOk(started(1).kinds.includes('stop'));
    started(3).say({ kind: 'serving' });
    await reloaded;
    await settle();
    t.ok(started(1).kinds.includes('stop'));
    t.match(supervisor.workers(), [
      { worker: 1, pid: 1_002 },
      { worker: 2, pid: 1_003 },
    ]);
    t.match(supervisor.slots(), [{ restarts: 0 }, { restarts: 0 }], 'nobody died');
  },
);

t.test('nobody is ended because time was lost, as in a paused container', async (t) => {
  const { supervisor, processes, clock } = await startScene(t, 2);
  clock.skip(600_000);
  await clock.advance(20_000);
  t.equal(processes.length, 2);
  t.equal(supervisor.isServing(0), true);
});

t.test('when a new one cannot begin, those that serve stay', async (t) => {
  const { supervisor, processes, started, clock } = await startScene(t, 2, (process) => {
    if (process.pid === 1_002) process.isResponsive = false;
  });
  const reloaded = supervisor.reload();
  await settle();
  started(2).die('exit code 1');
  await reloaded;
  await clock.advance(20_000);
  t.equal(processes.length, 3);
  t.equal(supervisor.isServing(0), true);
  t.match(supervisor.workers(), [
    { pid: 1_000, state: 'serving' },
    { pid: 1_001, state: 'serving' },
  ]);
});

t.test('an old one that dies while its successor begins leaves one worker, not two', async (t) => {
  const { supervisor, processes, started, clock } = await startScene(t, 1, (process) => {
    if (process.pid === 1_001) process.isResponsive = false;
  });
  const reloaded = supervisor.reload();
  await settle();
  started(0).die();
  await clock.advance(0);
  t.equal(processes.length, 3, 'a place is never without a worker');
  started(1).say({ kind: 'serving' });
  await reloaded;
  await settle();
  t.match(supervisor.workers(), [{ pid: 1_001, state: 'serving' }]);
  t.equal(supervisor.workers().length, 1);
});

t.test('a second reload meanwhile is the same one', async (t) => {
  const { supervisor, processes } = await startScene(t, 2);
  await Promise.all([supervisor.reload(), supervisor.reload()]);
  t.equal(processes.length, 4);
});

t.test('nobody is replaced once it stops', async (t) => {
  const { supervisor, processes, started, clock } = await startScene(t, 2);
  started(0).die();
  await supervisor.stop(0);
  await clock.advance(60_000);
  await supervisor.reload();
  t.equal(processes.length, 2);
});
