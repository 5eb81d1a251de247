import t from 'tap';
import {
  guarded,
  guardedClock,
  InternalErrors,
  internalErrors,
} from '../../src/telemetry/internal-errors.ts';
import { FakeClock } from '../support/clock.ts';

/** Errors whose log the test reads. */
function setUp() {
  const errors = new InternalErrors();
  const lines: string[] = [];
  errors.logTo({ error: (_fields: object, line: string) => lines.push(line) } as never);
  return { errors, lines };
}

t.test('each error is counted, and each cause logged once, whatever its words', async (t) => {
  const { errors, lines } = setUp();
  const at = (i: number) => new Error(`no ${i}`);
  for (let i = 0; i < 1_000; i++) errors.report('client', at(i));
  errors.report('timer', at(0));
  t.strictSame(errors.counts, { client: 1_000, timer: 1 });
  t.strictSame(lines, ['internal error (client): Error: no 0', 'internal error (timer): Error: no 0']);
});

t.test('so many causes as nobody could read are only counted', async (t) => {
  const { errors, lines } = setUp();
  for (let i = 0; i < 10_000; i++) errors.report('process', `cause ${i}`);
  t.equal(errors.counts['process'], 10_000);
  t.equal(lines.length, 101);
  t.equal(lines.at(-1), 'more kinds of internal errors are only counted');
});

t.test('whatever is thrown is reported, and reporting throws nothing', async (t) => {
  const { errors } = setUp();
  const unreadable = {
    toString() {
      throw new Error('unreadable');
    },
  };
  const thrown = [undefined, null, 'text', 7, Symbol('s'), Object.create(null), unreadable, new Error('')];
  for (const error of thrown) errors.report('request', error);
  errors.logTo({
    error() {
      throw new Error('the log is broken');
    },
  });
  errors.report('request', new Error('another'));
  t.equal(errors.counts['request'], thrown.length + 1);
});

t.test('what a timer throws ends that timer and no other', async (t) => {
  const clock = new FakeClock();
  const before = internalErrors.counts['timer'] ?? 0;
  const ran: number[] = [];
  const timers = guardedClock(clock);
  for (const i of [1, 2, 3]) {
    timers.after(i, () => {
      ran.push(i);
      throw new Error('injected');
    });
  }
  await clock.advance(10);
  t.strictSame(ran, [1, 2, 3]);
  t.equal(internalErrors.counts['timer'], before + 3);
  t.equal(guardedClock(timers), timers, 'once is enough');
  t.doesNotThrow(
    guarded('source', () => {
      throw new Error('injected');
    }),
  );
});
