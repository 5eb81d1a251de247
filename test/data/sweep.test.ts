import t from 'tap';
import { type Expiring, Sweep } from '../../src/data/sweep.ts';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { FakeClock } from '../support/clock.ts';

class Late implements Expiring {
  deadline: number;
  expired = 0;
  readonly #then: ((late: Late) => void) | undefined;

  constructor(deadline: number, then?: (late: Late) => void) {
    this.deadline = deadline;
    this.#then = then;
  }

  expire(): void {
    this.expired++;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#then?.(this);
  }
}

function makeSweep() {
  const clock = new FakeClock();
  const sweep = new Sweep(clock);
  const late = (deadline: number, then?: (late: Late) => void) => {
    const expiring = new Late(deadline, then);
    sweep.add(expiring);
    return expiring;
  };
  return { clock, sweep, late };
}

t.test('what is late expires once, and never early', async (t) => {
  const { clock, late } = makeSweep();
  const [soon, later, never] = [late(1_000), late(5_000), late(Number.POSITIVE_INFINITY)];
  await clock.advance(999);
  t.equal(soon.expired, 0);
  await clock.advance(101);
  t.equal(soon.expired, 1);
  await clock.advance(3_800);
  t.same([soon.expired, later.expired], [1, 0]);
  await clock.advance(10_000);
  t.same([soon.expired, later.expired, never.expired], [1, 1, 0]);
});

t.test('a deadline that moved is the one that counts', async (t) => {
  const { clock, late } = makeSweep();
  const expiring = late(1_000);
  await clock.advance(800);
  expiring.deadline = 3_000;
  await clock.advance(2_100);
  t.equal(expiring.expired, 0);
  await clock.advance(300);
  t.equal(expiring.expired, 1);
});

t.test('what expires may set a new deadline, leave, or bring others', async (t) => {
  const { clock, sweep, late } = makeSweep();
  const again = late(100, (self) => {
    self.deadline = sweep.now + 1_000;
  });
  const other = late(100);
  let joined: Late | undefined;
  late(50, (self) => {
    sweep.delete(self);
    sweep.delete(other);
    joined = late(200);
  });
  // Both come before `other` and `joined` in the same walk.
  const first = late(40, () => sweep.delete(again));
  await clock.advance(1_000);
  t.equal(first.expired, 1);
  t.equal(joined?.expired, 1);
  t.ok(again.expired <= 1 && other.expired <= 1);
});

t.test('a deadline is never early, however old the time of the last tick is', async (t) => {
  const { clock, sweep, late } = makeSweep();
  await clock.advance(1_099);
  const one = late(sweep.deadlineIn(2_000));
  await clock.advance(2_000);
  t.equal(one.expired, 0);
  await clock.advance(250);
  t.equal(one.expired, 1, 'nor much too late');
});

t.test(
  'nor after a time in which the process did not run, be it made before, at its end or after it',
  async (t) => {
    // Of 1.9 s, as of the tick before them no more than 100 ms were left.
    for (const stall of [120, 151, 500, 1_900, 60_000]) {
      const { clock, sweep, late } = makeSweep();
      await clock.advance(1_000);
      const before = late(sweep.deadlineIn(2_000));
      clock.skip(stall);
      const atItsEnd = late(sweep.deadlineIn(2_000));
      await clock.advance(20);
      const after = late(sweep.deadlineIn(2_000));
      await clock.advance(1_870);
      t.same([before.expired, atItsEnd.expired, after.expired], [0, 0, 0], `${stall} ms`);
      await clock.advance(109);
      t.same([atItsEnd.expired, after.expired], [0, 0], `${stall} ms`);
      await clock.advance(351);
      t.same([before.expired, atItsEnd.expired, after.expired], [1, 1, 1], `${stall} ms: nor never`);
    }
  },
);

t.test('after such a time nothing expires before what came in it can be read', async (t) => {
  const { clock, late } = makeSweep();
  await clock.advance(1_000);
  const one = late(1_050);
  clock.skip(5_000);
  await clock.advance(0);
  t.equal(one.expired, 0);
  await clock.advance(10);
  t.equal(one.expired, 1);
});

t.test('a process that never gets to run in time has deadlines, too', async (t) => {
  const { clock, late } = makeSweep();
  const one = late(1_000);
  for (let i = 0; i < 20; i++) {
    clock.skip(1_000);
    await clock.advance(10);
  }
  t.equal(one.expired, 1);
});

t.test('when a deadline was made can be told from it', (t) => {
  const { sweep } = makeSweep();
  t.equal(sweep.madeAt(sweep.deadlineIn(5_000), 5_000), sweep.now);
  t.end();
});

t.test('its time is the one of its last tick', async (t) => {
  const { clock, sweep } = makeSweep();
  await clock.advance(1_050);
  t.equal(sweep.now, 1_000);
});

t.test('after its stop nothing expires and no timer is left', async (t) => {
  const { clock, sweep, late } = makeSweep();
  const expiring = late(100);
  sweep.stop();
  await clock.advance(10_000);
  t.equal(expiring.expired, 0);
  t.equal(clock.pending, 0);
});

t.test('one that throws keeps no other from expiring, then and later', async (t) => {
  const { clock, sweep, late } = makeSweep();
  const before = internalErrors.counts['timer'] ?? 0;
  const broken = late(100, () => {
    throw new Error('injected');
  });
  const told: unknown[] = [];
  const owner = {
    deadline: 100,
    expire() {
      this.deadline = Number.POSITIVE_INFINITY;
      throw new Error('injected');
    },
    onBroken: (error: unknown) => told.push(error),
  };
  sweep.add(owner);
  const [soon, later] = [late(100), late(500)];
  await clock.advance(1_000);
  t.strictSame([broken.expired, soon.expired, later.expired], [1, 1, 1]);
  t.equal(internalErrors.counts['timer'], before + 1);
  t.match(told, [{ message: 'injected' }], 'one that can end itself is told');
});
