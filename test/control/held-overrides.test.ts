import t, { type Test } from 'tap';
import { HeldOverrides } from '../../src/control/held-overrides.ts';
import type { Override, OverrideStore } from '../../src/control/override-store.ts';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { FakeClock, settle } from '../support/clock.ts';
import { DistantStore } from '../support/override-stores.ts';

const DRAIN: Override = { state: 'drain', at: 1_000 };
const WEIGHT: Override = { weight: 0, at: 2_000 };
const A = 'shop/a:80';

/** What a Fairlead holds of a store, until the end of the test. */
function hold(t: Test, store: OverrideStore) {
  const clock = new FakeClock();
  let changes = 0;
  const held = new HeldOverrides(store, clock, () => changes++);
  const stopping = new AbortController();
  t.teardown(() => stopping.abort());
  held.follow(stopping.signal);
  const told = () => held.problems.map(({ subject, message }) => `${subject} ${message}`);
  return { clock, held, told, changes: () => changes, stop: () => stopping.abort() };
}

t.test('what is kept is held from the start, and what others write once it is told', async (t) => {
  const store = new DistantStore();
  await store.write(A, DRAIN);
  const { held, changes } = hold(t, store);
  await settle();
  t.strictSame(held.get(A), DRAIN);
  t.equal(changes(), 1);
  await store.write(A, WEIGHT);
  await settle();
  t.strictSame(held.get(A), WEIGHT);
  await store.write(A, undefined);
  await settle();
  t.equal(held.get(A), undefined);
  t.equal(changes(), 3);
});

t.test('an order holds at once, is kept for others, and is no news when it comes back', async (t) => {
  const store = new DistantStore();
  const [one, two] = [hold(t, store), hold(t, store)];
  await settle();
  one.held.set(A, DRAIN);
  t.strictSame(one.held.get(A), DRAIN);
  await settle();
  t.strictSame(two.held.get(A), DRAIN);
  t.equal(one.changes(), 0);
  two.held.set(A, undefined);
  await settle();
  t.equal(one.held.get(A), undefined);
});

t.test('what is ordered or told while all is read is newer than what is read', async (t) => {
  const store = new DistantStore();
  await store.write(A, DRAIN);
  await store.write('shop/b:80', DRAIN);
  const { held } = hold(t, store);
  held.set(A, WEIGHT);
  await settle();
  t.strictSame(held.get(A), WEIGHT);
  t.strictSame(held.get('shop/b:80'), DRAIN);
  t.strictSame((await store.read()).get(A), WEIGHT);
});

t.test('what is no override is refused and told, and leaves what is held', async (t) => {
  const store = new DistantStore();
  await store.scribble('shop/b:80', 'drain');
  const { held, told, changes } = hold(t, store);
  await settle();
  t.strictSame(told(), ['shop/b:80 is not followed: it is no object']);
  held.set(A, DRAIN);
  await settle();
  await store.scribble(A, { weight: 1_000, at: 1 });
  await settle();
  t.strictSame(held.get(A), DRAIN);
  t.match(told()[1], 'shop/a:80 is not followed: it has a weight that is no whole number');
  const before = changes();
  await store.scribble(A, { weight: 1_000, at: 1 });
  await settle();
  t.equal(changes(), before, 'the same mistake is no news');
  await store.write(A, WEIGHT);
  await store.write('shop/b:80', undefined);
  await settle();
  t.strictSame(told(), [], 'both are mended');
  t.strictSame(held.get(A), WEIGHT);
});

t.test('a store that cannot be read is a problem, and is asked again until it can', async (t) => {
  const store = new DistantStore();
  await store.write(A, DRAIN);
  store.failure = new Error('no leader');
  const { clock, held, told, changes } = hold(t, store);
  await settle();
  t.strictSame(told(), ['orders those of other Fairleads are not known: no leader']);
  t.equal(changes(), 1);
  store.failure = undefined;
  await clock.advance(5_000);
  await settle();
  t.strictSame(told(), []);
  t.strictSame(held.get(A), DRAIN);
});

t.test(
  'an order that the store does not take holds here, and it is said that it does not elsewhere',
  async (t) => {
    const store = new DistantStore();
    const { held, told } = hold(t, store);
    await settle();
    store.failure = new Error('disk full');
    held.set(A, DRAIN);
    await settle();
    t.strictSame(held.get(A), DRAIN);
    t.strictSame(told(), ['shop/a:80 is followed here, but was not kept for others: disk full']);
    store.failure = undefined;
    held.set(A, WEIGHT);
    await settle();
    t.strictSame(told(), [], 'the next order is taken');
  },
);

t.test('once nobody wants to know, nothing is taken and nothing asked any more', async (t) => {
  const store = new DistantStore();
  store.failure = new Error('away');
  const { clock, held, changes, stop } = hold(t, store);
  await settle();
  stop();
  const before = changes();
  store.failure = undefined;
  await store.write(A, DRAIN);
  await clock.advance(60_000);
  await settle();
  t.equal(held.get(A), undefined);
  t.equal(changes(), before);
});

t.test(
  'a thousand are held: the oldest makes room for an order, and nothing for what others write',
  async (t) => {
    const store = new DistantStore();
    const { held, told } = hold(t, store);
    await settle();
    for (let i = 0; i <= 1_000; i++) held.set(`shop/${i}:80`, DRAIN);
    await settle();
    t.equal(held.size, 1_000);
    t.equal(held.get('shop/0:80'), undefined);
    t.notOk((await store.read()).has('shop/0:80'), 'nor does the store keep it');
    for (let i = 0; i < 200; i++) await store.write(`other/${i}:80`, DRAIN);
    await store.write('x'.repeat(5_000), DRAIN);
    await settle();
    t.equal(held.size, 1_000);
    t.equal(held.get('shop/1:80'), DRAIN);
    t.equal(told().length, 50, 'and not all are told');
    t.match(told()[0], 'other/0:80 is not followed: it is beyond the 1,000 that are held');
  },
);

t.test('a store that throws where it must not costs nothing', async (t) => {
  const before = internalErrors.counts['source'] ?? 0;
  const broken = (): never => {
    throw new Error('injected');
  };
  const { held, told } = hold(t, { read: broken, write: broken, watch: broken });
  held.set(A, DRAIN);
  await settle();
  t.strictSame(held.get(A), DRAIN);
  t.equal(told().length, 2);
  t.equal(internalErrors.counts['source'], before + 1);
});
