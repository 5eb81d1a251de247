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

t.test(
  'what became late while the process did not run gets the time back, what was late before does not',
  async (t) => {
    const { clock, sweep, late } = makeSweep();
    await clock.advance(1_000);
    const [before, within, after] = [late(1_100), late(2_500), late(6_000)];
    await clock.advance(100);
    t.equal(before.expired, 1);
    clock.skip(3_000);
    // As of the end of the stall, by the time of the tick before it.
    const fresh = late(sweep.now + 2_000);
    await clock.advance(1_000);
    t.same([within.expired, fresh.expired], [0, 0]);
    await clock.advance(2_100);
    t.same([within.expired, fresh.expired, after.expired], [1, 1, 1]);
  },
);

t.test('stalls in a row spare nothing for ever', async (t) => {
  const { clock, late } = makeSweep();
  const one = late(500);
  for (let i = 0; i < 3; i++) {
    clock.skip(1_000);
    await clock.advance(100);
    t.equal(one.expired, 0);
  }
  await clock.advance(1_500);
  t.equal(one.expired, 1);
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
