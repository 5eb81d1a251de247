import t from 'tap';
import { isShared, ReadBuffer } from '../../../src/data/socket/read-buffer.ts';

t.test('small reads of all sockets go to one buffer', async (t) => {
  const buffer = new ReadBuffer().next(0);
  t.ok(isShared(buffer));
  t.equal(new ReadBuffer().next(100), buffer);
});

t.test('a stream has a buffer of its own, and a larger one once it fills what it has', async (t) => {
  const [one, other] = [new ReadBuffer(), new ReadBuffer()];
  const own = one.next(20_000);
  t.not(own, other.next(20_000), 'nobody else reads to it');
  t.notOk(isShared(own));
  t.equal(one.next(30_000), own, 'it stays while reads do not fill it');
  const large = one.next(own.length);
  t.ok(large.length > own.length);
  t.equal(one.next(large.length), large);
  t.equal(one.next(20_000), large);
  t.ok(isShared(one.next(100)), 'a trickle needs none');
});

t.test(
  'a buffer that waits is given to nobody, and a stream whose reader is slow gets no large one',
  async (t) => {
    const slow = new ReadBuffer();
    const full = slow.next(0).length;
    const waiting = slow.next(full);
    slow.giveAway();
    const next = slow.next(waiting.length);
    t.not(next, waiting);
    t.ok(next.length < waiting.length);
    t.equal(slow.next(next.length), next);
    t.not(new ReadBuffer().next(full), waiting);
    slow.begin();
    t.equal(slow.next(next.length).length, waiting.length, 'the next stream may be faster');
  },
);
