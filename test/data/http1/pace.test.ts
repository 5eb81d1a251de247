import t from 'tap';
import { Pace } from '../../../src/data/http1/pace.ts';

/** Sends so many bytes each second, and answers after how many seconds its time was up; Infinity for an hour. */
function endOf(pace: Pace, bytesPerSecond: number): number {
  pace.begin();
  let left = pace.go(0, 0);
  for (let second = 1; second < 3_600; second++) {
    if (left < 1_000) return second;
    left = pace.go(second * 1_000, second * bytesPerSecond);
  }
  return Number.POSITIVE_INFINITY;
}

t.test(
  'a body at the least rate may go on for ever, one below it ends the sooner the slower it is',
  async (t) => {
    const pace = new Pace(240, 60_000);
    t.equal(endOf(pace, 0), 61);
    t.equal(endOf(pace, 120), 120);
    t.equal(endOf(pace, 239) > 3_000, true);
    t.equal(endOf(pace, 240), Number.POSITIVE_INFINITY);
    t.equal(endOf(pace, 1_000_000), Number.POSITIVE_INFINITY);
  },
);

t.test('who has sent enough may pause as long as at first, and no longer', async (t) => {
  const pace = new Pace(100, 10_000);
  pace.begin();
  pace.go(0, 0);
  t.equal(pace.go(8_000, 1_000_000), 10_000);
  t.equal(pace.go(17_000, 1_000_001), 1_010);
});

t.test('time that is not its own costs a client nothing', async (t) => {
  const pace = new Pace(100, 10_000);
  pace.begin();
  pace.go(0, 0);
  pace.stop(1_000);
  pace.stop(50_000);
  t.equal(pace.go(100_000, 0), 9_000);
});

t.test('without a least rate only a pause counts', async (t) => {
  const pace = new Pace(0, 10_000);
  pace.begin();
  for (let now = 0; now < 1_000_000; now += 9_000) t.equal(pace.go(now, 1), 10_000);
});
