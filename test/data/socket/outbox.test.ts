import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import t from 'tap';
import { Outbox } from '../../../src/data/socket/outbox.ts';
import { ReadBuffer } from '../../../src/data/socket/read-buffer.ts';
import { seededRandom } from '../../support/random.ts';

const shared = new ReadBuffer().next(0);

/** A socket of which the kernel takes at once what it is given, or only when told to; `writes` are its calls. */
class FakeSocket extends Writable {
  connecting = false;
  isTaking = true;
  writes: string[] = [];
  pieces = 0;
  #waiting: (() => void)[] = [];

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#take([bytes], done);
  }
  override _writev(pieces: { chunk: Buffer }[], done: () => void): void {
    this.#take(
      pieces.map(({ chunk }) => chunk),
      done,
    );
  }
  /** The bytes are looked at when they are taken, and not before: what lies under them must not have changed. */
  #take(pieces: readonly Buffer[], done: () => void): void {
    const take = () => {
      this.pieces += pieces.length;
      this.writes.push(pieces.map((piece) => piece.toString('latin1')).join(''));
      done();
    };
    if (this.isTaking) take();
    else this.#waiting.push(take);
  }
  async takeAll(): Promise<void> {
    this.isTaking = true;
    while (this.#waiting.length > 0) {
      for (const take of this.#waiting.splice(0)) take();
      await new Promise(setImmediate);
    }
  }
}

function makeOutbox() {
  const socket = new FakeSocket({ highWaterMark: 65_536 });
  return { socket, outbox: new Outbox(socket as unknown as Socket) };
}

t.test('what lies in the shared buffer is copied, and leaves in one write with its head', async (t) => {
  for (const size of [10, 4_096, 4_097, 16_384, shared.length]) {
    const { socket, outbox } = makeOutbox();
    shared.fill('b');
    outbox.text('head');
    outbox.bytes(shared, shared.length - size, shared.length);
    shared.fill('-');
    outbox.text('end');
    t.equal(outbox.flush(), 'taken');
    t.same(socket.writes, [`head${'b'.repeat(size)}end`], `${size} bytes`);
  }
});

t.test('many small pieces are joined', async (t) => {
  const { socket, outbox } = makeOutbox();
  for (let i = 0; i < 100; i++) {
    outbox.text('64\r\n');
    outbox.bytes(Buffer.alloc(100, 'b'), 0, 100);
  }
  t.equal(outbox.flush(), 'taken');
  t.same(socket.writes, [`64\r\n${'b'.repeat(100)}`.repeat(100)]);
  t.equal(socket.pieces, 1);
});

t.test('what lies elsewhere leaves in the same call as the text around it', async (t) => {
  const { socket, outbox } = makeOutbox();
  const body = Buffer.alloc(50_000, 'b');
  outbox.text('head');
  outbox.bytes(body, 0, body.length);
  outbox.text('end');
  t.equal(outbox.flush(), 'taken');
  t.same(socket.writes, [`head${body}end`]);
});

t.test('what was copied can wait, while others write and copy', async (t) => {
  const waiting = makeOutbox();
  const other = makeOutbox();
  const flush = (outbox: Outbox, digit: string) => {
    outbox.bytes(shared.fill(digit), 0, 10_000);
    return outbox.flush();
  };
  waiting.socket.isTaking = false;
  t.equal(flush(waiting.outbox, '1'), 'held');
  t.equal(flush(waiting.outbox, '2'), 'held');
  t.equal(flush(other.outbox, '3'), 'taken');
  waiting.socket.connecting = true;
  t.equal(flush(waiting.outbox, '4'), 'held');
  t.equal(flush(other.outbox, '5'), 'taken');
  await waiting.socket.takeAll();
  t.equal(waiting.socket.writes.join(''), '1'.repeat(10_000) + '2'.repeat(10_000) + '4'.repeat(10_000));
  t.equal(other.socket.writes.join(''), '3'.repeat(10_000) + '5'.repeat(10_000));
});

t.test('while more waits than the socket likes, its writer is stopped', async (t) => {
  const { socket, outbox } = makeOutbox();
  socket.isTaking = false;
  outbox.bytes(Buffer.alloc(30_000), 0, 30_000);
  t.equal(outbox.flush(), 'held');
  outbox.bytes(Buffer.alloc(30_000), 0, 30_000);
  outbox.bytes(Buffer.alloc(30_000), 0, 30_000);
  t.equal(outbox.flush(), 'full');
  await socket.takeAll();
  t.equal(outbox.flush(), 'taken');
});

t.test('whatever is written comes out in order, and whole', async (t) => {
  const random = seededRandom(1);
  const sizes = [1, 100, 4_000, 5_000, 20_000, 32_768, 70_000];
  for (let run = 0; run < 200; run++) {
    const { socket, outbox } = makeOutbox();
    let expected = '';
    for (let step = 0; step < 40; step++) {
      socket.isTaking &&= random() < 0.95;
      const size = sizes[Math.floor(random() * sizes.length)] as number;
      const letter = String.fromCharCode(97 + (step % 26));
      const kind = random();
      if (kind < 0.4) outbox.text(letter.repeat(size));
      else if (kind < 0.6 || size > shared.length) outbox.bytes(Buffer.alloc(size, letter), 0, size);
      else outbox.bytes(shared.fill(letter), 0, size);
      shared.fill('-');
      expected += letter.repeat(size);
      if (random() < 0.2) outbox.flush();
    }
    outbox.flush();
    await socket.takeAll();
    if (socket.writes.join('') !== expected) t.fail(`run ${run}`);
  }
});

t.test('few pieces wait, however small they are, and the socket drains when they are taken', async (t) => {
  const { socket, outbox } = makeOutbox();
  socket.isTaking = false;
  let drains = 0;
  socket.on('drain', () => drains++);
  let sent = '';
  let written = 0;
  while (!outbox.isFull && written < 10_000) {
    sent += String(written % 10);
    outbox.text(String(written++ % 10));
    outbox.flush();
  }
  t.ok(written < 100, `${written} pieces`);
  t.equal(outbox.flush(), 'full');
  t.equal(socket.writableNeedDrain, false, 'though the stream would take more');
  await socket.takeAll();
  t.equal(drains, 1);
  t.equal(outbox.isFull, false);
  t.equal(socket.writes.join(''), sent);
  outbox.text('!');
  t.equal(outbox.flush(), 'taken');
});

t.test('what waits keeps no buffer in memory that is much larger', async (t) => {
  const { socket, outbox } = makeOutbox();
  socket.isTaking = false;
  const queued: Buffer[] = [];
  const { write } = socket;
  socket.write = ((piece: Buffer, ...rest: []) => {
    if (Buffer.isBuffer(piece)) queued.push(piece);
    return Reflect.apply(write, socket, [piece, ...rest]);
  }) as typeof write;
  outbox.text('first');
  outbox.flush();
  for (let i = 0; i < 3; i++) {
    outbox.bytes(Buffer.alloc(262_144, 'x'), 0, 5_000);
    outbox.flush();
  }
  t.equal(queued.length, 3);
  t.ok(queued.every(({ length, buffer }) => buffer.byteLength < 2 * length));
});
