import t from 'tap';
import {
  DURATION_BOUNDS,
  durationBucket,
  makeBackendStats,
  makeServiceStats,
  UPGRADED_BOUNDS,
} from '../../src/model/stats.ts';

/** What the bucket means, without any trick. */
function expectedBucket(durationMs: number): number {
  const bucket = DURATION_BOUNDS.findIndex((bound) => durationMs <= bound * 1_000);
  return bucket === -1 ? DURATION_BOUNDS.length : bucket;
}

t.test('the bounds double from a quarter of a millisecond to half a minute', async (t) => {
  t.equal(DURATION_BOUNDS.length, 18);
  t.equal(DURATION_BOUNDS[0], 0.00025);
  t.equal(DURATION_BOUNDS.at(-1), 32.768);
  for (const [i, bound] of DURATION_BOUNDS.entries())
    if (i > 0) t.equal(bound, (DURATION_BOUNDS[i - 1] ?? 0) * 2);
});

t.test('a duration that equals a bound is in its bucket, a little more is in the next', async (t) => {
  for (const [i, bound] of DURATION_BOUNDS.entries()) {
    const ms = bound * 1_000;
    t.equal(durationBucket(ms), i, `${ms} ms`);
    t.equal(durationBucket(ms * 1.000_001), i + 1, `a little more than ${ms} ms`);
    t.equal(durationBucket(ms * 0.999_999), i, `a little less than ${ms} ms`);
  }
});

t.test('every duration is in the first bucket whose bound is not below it', async (t) => {
  const wrong: number[] = [];
  for (let ms = 0; ms < 100_000; ms = ms * 1.03 + 0.01)
    if (durationBucket(ms) !== expectedBucket(ms)) wrong.push(ms);
  t.strictSame(wrong, []);
  t.equal(durationBucket(0), 0);
  t.equal(durationBucket(-1), 0, 'a clock that went back does no harm');
});

t.test('a connection that lasted for days is in the last bucket', async (t) => {
  const last = DURATION_BOUNDS.length;
  for (const ms of [2 ** 30, 2 ** 30 + 1, 2 ** 32, 2 ** 40, Number.POSITIVE_INFINITY])
    t.equal(durationBucket(ms), last, `${ms} ms`);
});

t.test('counters start at nothing, with room for each status and each bucket', async (t) => {
  const { codes, durations, ...counts } = makeServiceStats();
  t.equal(codes.length, 600);
  t.equal(durations.length, DURATION_BOUNDS.length + 1);
  t.ok([...codes, ...durations].every((count) => count === 0));
  t.strictSame(counts, {
    durationSumMs: 0,
    upgraded: {
      durations: UPGRADED_BOUNDS.map(() => 0).concat(0),
      durationSumMs: 0,
      bytesIn: 0,
      bytesOut: 0,
    },
    retries: 0,
    retriesDenied: 0,
    hedges: 0,
    hedgesWon: 0,
    fallbacks: 0,
    waiting: 0,
    waited: 0,
    waitedInVain: 0,
  });
  t.strictSame(makeBackendStats(), { requests: 0, failures: {}, connectionsOpened: 0, ejections: {} });
});
