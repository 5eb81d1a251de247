import t from 'tap';
import { Timetable } from '../../../src/control/health/timetable.ts';
import { FakeClock } from '../../support/clock.ts';

function setUp() {
  const clock = new FakeClock();
  const timetable = new Timetable(clock);
  const called: [name: string, at: number][] = [];
  const after = (delayMs: number, name: string) =>
    timetable.after(delayMs, () => called.push([name, clock.elapsed()]));
  return { clock, called, after };
}

t.test('what is due within a moment comes together, by one timer and never too early', async (t) => {
  const { clock, called, after } = setUp();
  for (const [i, delay] of [81, 95.5, 100, 100.1].entries()) after(delay, `call ${i}`);
  t.equal(clock.pending, 2);
  await clock.advance(99);
  t.same(called, []);
  await clock.advance(21);
  t.same(called, [
    ['call 0', 100],
    ['call 1', 100],
    ['call 2', 100],
    ['call 3', 120],
  ]);
});

t.test('what is cancelled does not come, and leaves no timer', async (t) => {
  const { clock, called, after } = setUp();
  const [first, second] = [after(95, 'first'), after(95, 'second')];
  first();
  await clock.advance(100);
  t.same(called, [['second', 100]]);
  second();
  after(50, 'third')();
  t.equal(clock.pending, 0);
});

t.test('who is called may ask for the next time, or cancel another', async (t) => {
  const clock = new FakeClock();
  const timetable = new Timetable(clock);
  const times: number[] = [];
  const again = () => {
    times.push(clock.elapsed());
    cancel();
    if (times.length < 3) timetable.after(100, again);
  };
  timetable.after(100, again);
  const cancel = timetable.after(100, () => times.push(-1));
  await clock.advance(1_000);
  t.same(times, [100, 200, 300]);
});
