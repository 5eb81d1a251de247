import t from 'tap';
import { Coalescer } from '../../../../src/control/discovery/docker/coalescer.ts';
import { FakeClock, settle } from '../../../support/clock.ts';

/** A coalescer whose hand-overs each last until the test ends them. */
function setUp() {
  const clock = new FakeClock();
  const handed: string[][] = [];
  const ends: (() => void)[] = [];
  const coalescer = new Coalescer(clock, (ids) => {
    handed.push([...ids]);
    return new Promise((resolve) => ends.push(resolve));
  });
  const end = async () => {
    ends.shift()?.();
    await settle();
  };
  return { clock, handed, coalescer, end };
}

t.test('the first is handed over at once, the rest together after a tenth of a second', async (t) => {
  const { clock, handed, coalescer, end } = setUp();
  coalescer.add('a');
  t.same(handed, [['a']]);
  await end();
  coalescer.add('b');
  coalescer.add('c', 'b');
  await clock.advance(99);
  t.equal(handed.length, 1);
  await clock.advance(1);
  t.same(handed, [['a'], ['b', 'c']]);
});

t.test('after a pause the first is at once again', async (t) => {
  const { clock, handed, coalescer, end } = setUp();
  coalescer.add('a');
  await end();
  await clock.advance(100);
  coalescer.add('b');
  t.same(handed, [['a'], ['b']]);
});

t.test('nothing is handed over while a hand-over lasts', async (t) => {
  const { clock, handed, coalescer, end } = setUp();
  coalescer.add('a');
  await clock.advance(5_000);
  coalescer.add('b');
  t.same(handed, [['a']]);
  await end();
  t.same(handed, [['a'], ['b']]);
});

t.test('it goes on burst after burst', async (t) => {
  const { clock, handed, coalescer, end } = setUp();
  for (const id of ['a', 'b', 'c', 'd']) {
    coalescer.add(id);
    await end();
    coalescer.add(`${id}2`);
    await clock.advance(100);
    await end();
    await clock.advance(100);
  }
  t.same(handed.flat(), ['a', 'a2', 'b', 'b2', 'c', 'c2', 'd', 'd2']);
});

t.test('nothing added is nothing to hand over', async (t) => {
  const { clock, handed, coalescer } = setUp();
  coalescer.add();
  await clock.advance(1_000);
  t.same(handed, []);
});

t.test('once stopped what waits is forgotten', async (t) => {
  const { clock, handed, coalescer, end } = setUp();
  coalescer.add('a');
  await end();
  coalescer.add('b');
  coalescer.stop();
  await clock.advance(1_000);
  t.same(handed, [['a']]);
  t.equal(clock.pending, 0);
});

t.test('once stopped what waits for the end of a hand-over is forgotten, too', async (t) => {
  const { clock, handed, coalescer, end } = setUp();
  coalescer.add('a');
  coalescer.add('b');
  coalescer.stop();
  await end();
  await clock.advance(1_000);
  t.same(handed, [['a']]);
});
