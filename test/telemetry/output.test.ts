import t from 'tap';
import { type LogName, Output } from '../../src/telemetry/output.ts';
import type { Pen, Written } from '../../src/telemetry/pens.ts';
import { FakeClock } from '../support/clock.ts';

/** A disk or reader that a test plays. */
class Paper {
  text = '';
  /** What fits, in bytes; then it is full. */
  room = Number.POSITIVE_INFINITY;
  /** Takes nothing while it holds. */
  isHeld = false;
  opened = 0;
  #held: (() => void) | undefined;

  readonly open = (): Pen => {
    this.opened++;
    return {
      write: (bytes, done) => {
        if (this.isHeld) this.#held = () => this.#take(bytes, done);
        else this.#take(bytes, done);
      },
      close() {},
    };
  };

  release(): void {
    this.isHeld = false;
    this.#held?.();
  }

  #take(bytes: Buffer, done: Written): void {
    const taken = bytes.subarray(0, this.room);
    this.text += taken.toString();
    this.room -= taken.length;
    if (taken.length < bytes.length) done(taken.length, new Error('it is full'));
    else done(taken.length);
  }
}

function setUp() {
  const paper = new Paper();
  const clock = new FakeClock();
  const output = new Output(paper.open, clock);
  const told: string[] = [];
  output.listen({
    onLosing: (log, why) => told.push(`losing ${log}: ${why}`),
    onLost: (log, lines, why) => told.push(`lost ${lines} of ${log}: ${why}`),
  });
  const write = (text: string, log: LogName = 'access') => output.write(Buffer.from(text), log);
  return { paper, clock, output, told, write };
}

t.test('what is lost on a full disk is told twice, and counted by log', async (t) => {
  const { paper, clock, output, told, write } = setUp();
  write('one\n');
  paper.room = 0;
  write('two\nthree\n');
  write('four\n', 'program');
  t.strictSame(told, ['losing access: it is full', 'losing program: it is full']);
  await clock.advance(1_000);
  write('five\n');
  await clock.advance(1_000);
  t.equal(told.length, 2, 'nothing more while it is full');
  paper.room = 100;
  write('six\n');
  t.equal(paper.text, 'one\nsix\n');
  t.strictSame(output.lost, { access: 3, program: 1 });
  t.strictSame(told.slice(2), ['lost 3 of access: it is full', 'lost 1 of program: it is full']);
});

t.test('the line that was cut by the end of the disk is finished once there is space', async (t) => {
  const { paper, clock, output, write } = setUp();
  paper.room = 6;
  write('one\ntwo\nthree\nfour\n');
  t.equal(paper.text, 'one\ntw');
  await clock.advance(1_000);
  t.equal(paper.text, 'one\ntw');
  paper.room = 100;
  await clock.advance(1_000);
  write('five\n');
  t.equal(paper.text, 'one\ntwo\nfive\n');
  t.equal(output.lost.access, 2);
});

t.test('after a failure it is tried again each second, and not for each line', async (t) => {
  const { paper, clock, write } = setUp();
  paper.room = 0;
  for (let i = 0; i < 50; i++) {
    write('line\n');
    await clock.advance(100);
  }
  t.equal(paper.opened, 5);
});

t.test('a reader who stalls finds 16 MB of lines, the first ones, and is told of the others', async (t) => {
  const { paper, output, told, write } = setUp();
  paper.isHeld = true;
  const megabyte = `${'x'.repeat(1_048_575)}\n`;
  for (let i = 0; i < 20; i++) write(megabyte);
  t.equal(output.lost.access, 4);
  t.strictSame(told, ['losing access: nobody reads them']);
  paper.release();
  t.equal(paper.text.length, 16 * 1_048_576);
  t.strictSame(told.slice(1), ['lost 4 of access: nobody reads them']);
  write('more\n');
  t.ok(paper.text.endsWith('more\n'));
});

t.test('many lines that waited leave one after the other, however short they are', async (t) => {
  const { paper, write } = setUp();
  paper.isHeld = true;
  for (let i = 0; i < 50_000; i++) write(`${i}\n`, i % 2 === 0 ? 'access' : 'program');
  paper.release();
  t.equal(paper.text, [...Array(50_000).keys()].map((i) => `${i}\n`).join(''));
});

t.test('at the end what can be written is waited for, and what cannot is not', async (t) => {
  const { paper, output, write } = setUp();
  await output.drained();
  paper.isHeld = true;
  write('one\n');
  setTimeout(() => paper.release(), 10);
  await output.drained();
  t.equal(paper.text, 'one\n');
  paper.isHeld = true;
  write('two\n');
  await output.drained();
  t.equal(paper.text, 'one\n', 'nobody takes it');
});

t.test('a descriptor that cannot be opened loses lines, and throws at nobody', async (t) => {
  const output = new Output(() => {
    throw new Error('bad file descriptor');
  }, new FakeClock());
  output.write(Buffer.from('a\nb\n'), 'access');
  await output.drained();
  t.equal(output.lost.access, 2);
});
