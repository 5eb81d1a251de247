import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { openTransport } from '../../src/data/socket/open.ts';
import { shared } from '../../src/data/socket/read-buffer.ts';
import type { Transport } from '../../src/data/socket/transport.ts';
import { deadPort, startRawBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { Pattern, produce } from '../support/pattern.ts';
import { seededRandom } from '../support/random.ts';
import { makeSelfSigned } from '../support/self-signed.ts';
import { type Maker, makersOf, type Pair, RecordingOwner } from '../support/transports.ts';
import { steady } from '../support/wait.ts';

/** One read of the kernel, which is at most what comes to a side that is paused. */
const ONE_READ = 65_536;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** All that the other end gets, which reads from now on. */
function listenTo({ peer }: Pair) {
  const heard = { text: '', isEnded: false, isClosed: false, error: '' };
  peer.on('data', (bytes) => {
    heard.text += bytes.toString('latin1');
  });
  peer.on('end', () => {
    heard.isEnded = true;
  });
  peer.on('error', ({ code }: NodeJS.ErrnoException) => {
    heard.error = code ?? 'error';
  });
  peer.on('close', () => {
    heard.isClosed = true;
  });
  peer.resume();
  return heard;
}

function send(transport: Transport, text: string) {
  transport.text(text);
  return transport.flush();
}

/** Writes to an end that does not read until no more is taken, however long one waits; answers how many bytes. */
async function fill(transport: Transport): Promise<number> {
  const size = 50_000;
  const bytes = Buffer.alloc(size, 'x');
  for (let written = size; ; written += size) {
    transport.bytes(bytes, 0, size);
    transport.flush();
    // TLS says only in a later turn that it was sent.
    for (let i = 0; i < 5 && transport.pending > 0; i++) await turn();
    if (transport.pending > 0 && (await steady(() => transport.pending, 50)) > 0) return written;
  }
}

/** Writes in pieces of all kinds and sizes, as fast as they are taken. */
async function writeAll(transport: Transport, owner: RecordingOwner, pattern: Pattern, total: number) {
  const random = seededRandom(total);
  const sizes = [1, 100, 4_096, 5_000, 20_000, shared.length, 200_000];
  const own = Buffer.alloc(200_000);
  let isOwnFree = true;
  for (let written = 0; written < total; ) {
    const size = sizes[Math.floor(random() * sizes.length)] as number;
    const bytes = pattern.slice(written, Math.min(size, total - written));
    const kind = random();
    if (kind < 0.3) transport.text(bytes.toString('latin1'));
    else if (kind < 0.6 && bytes.length <= shared.length) {
      bytes.copy(shared);
      transport.bytes(shared, 0, bytes.length);
      shared.fill('-');
    } else {
      const buffer = isOwnFree ? own : Buffer.alloc(bytes.length);
      if (isOwnFree) bytes.copy(own);
      else bytes.copy(buffer);
      if (buffer === own) isOwnFree = false;
      transport.bytes(buffer, 0, bytes.length);
    }
    written += bytes.length;
    if (random() < 0.3 && written < total) continue;
    const flow = transport.flush();
    // What was taken may be overwritten; what waits may not.
    if (flow === 'taken' && !isOwnFree) {
      own.fill('-');
      isOwnFree = true;
    }
    if (flow === 'full') await eventually('room', () => !transport.isFull || owner.isClosed);
  }
}

function writing(t: Test, { make }: Maker): void {
  t.test('bytes arrive in order and intact, however they were written', async (t) => {
    const { transport, owner, peer } = await make(t);
    const pattern = new Pattern();
    const total = 8_000_000;
    pattern.checkAll(peer);
    await writeAll(transport, owner, pattern, total);
    await eventually('all of it', () => pattern.checked === total);
    t.ok(pattern.isIntact);
  });

  t.test('what the other end takes is taken in the turn in which it is written', async (t) => {
    const pair = await make(t);
    const heard = listenTo(pair);
    for (const size of [1, 1_000, 16_384, shared.length]) {
      await eventually('nothing waits', () => pair.transport.pending === 0);
      heard.text = '';
      pair.transport.text('head');
      pair.transport.bytes(shared.fill('b'), 0, size);
      t.equal(pair.transport.flush(), 'taken', `${size} bytes`);
      shared.fill('-');
      await eventually('all of it', () => heard.text.length === 4 + size);
      t.equal(heard.text, `head${'b'.repeat(size)}`);
    }
  });

  t.test('a write that is not taken is reported, and when it was, that is told', async (t) => {
    const pair = await make(t);
    const { transport, owner } = pair;
    const written = await fill(transport);
    let more = 0;
    while (!transport.isFull) {
      send(transport, 'y'.repeat(10_000));
      more += 10_000;
    }
    t.ok(more <= 200_000, `${more} bytes`);
    t.ok(transport.pending > 0);
    owner.told.length = 0;
    await turn();
    t.same(owner.told, []);
    const heard = listenTo(pair);
    await eventually('it has drained', () => owner.told.includes('drain'));
    t.equal(transport.isFull, false);
    await eventually('all came', () => heard.text.length === written + more);
    t.equal(transport.pending, 0);
    t.equal(send(transport, 'z'), 'taken');
  });

  t.test('small writes to an end that does not read are soon too many, and none is lost', async (t) => {
    const pair = await make(t);
    const { transport, owner } = pair;
    const written = await fill(transport);
    let count = 0;
    while (count < 10_000 && send(transport, String(count % 10)) !== 'full') count++;
    t.ok(count < 100, `${count} pieces`);
    t.ok(transport.isFull);
    owner.told.length = 0;
    const heard = listenTo(pair);
    await eventually('it has drained', () => owner.told.includes('drain'));
    await eventually('all came', () => heard.text.length === written + count + 1);
    t.match(heard.text, /x0123456789[0-9]*$/);
    t.same(owner.told, ['drain']);
  });
}

function reading(t: Test, { make }: Maker): void {
  t.test('a side that is paused is read no further than what comes next', async (t) => {
    const { transport, owner, peer } = await make(t);
    const pattern = new Pattern();
    const total = 32_000_000;
    transport.pause();
    t.equal(transport.isPaused, true);
    await turn();
    for (let i = 0; i < 200; i++) {
      peer.write('x');
      await turn();
    }
    t.equal(owner.received, '');
    t.ok(transport.stream.readableLength <= 2, `${transport.stream.readableLength} bytes`);
    const { accepted } = produce(peer, pattern, total);
    await eventually('a beginning', () => accepted() > 100_000);
    t.ok((await steady(accepted)) < total, 'the other end has to stop');
    t.equal(owner.received, '');
    t.ok(transport.stream.readableLength <= ONE_READ, `${transport.stream.readableLength} bytes`);
    let more = 200;
    const next = {
      onRead: () => {},
      onDrain: () => {},
      onEnd: () => {},
      onClose: () => {},
      onBroken: () => {},
    };
    const onRead = (buffer: Buffer, size: number) => {
      const skipped = Math.min(more, size);
      more -= skipped;
      pattern.check(buffer.subarray(skipped, size));
    };
    transport.transfer({ ...next, onRead });
    transport.resume();
    t.equal(transport.isPaused, false);
    await eventually('all of it', () => pattern.checked === total);
    t.ok(pattern.isIntact);
  });

  t.test('pauses lose nothing, the end neither, and what was read stays as it is', async (t) => {
    const { transport, owner, peer } = await make(t);
    const pattern = new Pattern();
    const total = 3_000_000;
    const kept: Buffer[] = [];
    let isEnded = false;
    transport.transfer({
      onRead(buffer, size) {
        kept.push(buffer.subarray(0, size));
        transport.pause();
        setImmediate(() => transport.resume());
      },
      onDrain() {},
      onEnd() {
        isEnded = true;
      },
      onClose() {},
      onBroken: (error) => t.fail(String(error)),
    });
    await produce(peer, pattern, total).done;
    peer.end();
    await eventually('the end', () => isEnded);
    for (const bytes of kept) pattern.check(bytes);
    t.equal(pattern.checked, total);
    t.ok(pattern.isIntact);
    t.same(owner.received, '');
  });
}

function ending(t: Test, { make }: Maker): void {
  t.test('an end closes one direction, and the other goes on', async (t) => {
    const pair = await make(t);
    const { transport, owner, peer } = pair;
    const heard = listenTo(pair);
    let sent = 0;
    transport.text('the last');
    transport.end(() => sent++);
    t.equal(transport.isEnded, true);
    transport.end();
    await eventually('the end', () => heard.isEnded && sent === 1);
    t.equal(heard.text, 'the last');
    peer.write('still here');
    await eventually('an answer', () => owner.received === 'still here');
    t.equal(transport.isClosed, false);
    peer.end();
    await eventually('the close', () => owner.isClosed);
    t.same(owner.told.slice(-2), ['end', 'close']);
    t.equal(owner.cause, undefined);
    t.equal(heard.error, '');
  });

  t.test('an other end that has ended is still told what there is to say', async (t) => {
    const pair = await make(t);
    const { transport, owner, peer } = pair;
    const heard = listenTo(pair);
    peer.end('a question');
    await eventually('its end', () => owner.told.includes('end'));
    t.equal(owner.received, 'a question');
    t.equal(transport.isClosed, false);
    await turn();
    send(transport, 'an answer');
    await eventually('the answer', () => heard.text === 'an answer');
    transport.end();
    await eventually('the close', () => owner.isClosed && heard.isClosed);
    t.equal(heard.error, '');
  });

  t.test('a close waits for what was written, and for nothing else', async (t) => {
    const pair = await make(t);
    const { transport, owner } = pair;
    const written = await fill(transport);
    transport.text('the last');
    transport.close();
    t.equal(transport.isClosed, false);
    const heard = listenTo(pair);
    await eventually('the close', () => owner.isClosed);
    await eventually('all of it', () => heard.text.length === written + 8);
    t.ok(heard.text.endsWith('the last'));
    await eventually('the end', () => heard.isEnded);
    transport.close();
  });

  t.test('a reset is an error to the other end, also within what it reads', async (t) => {
    const pair = await make(t);
    const { transport, owner } = pair;
    await fill(transport);
    const heard = listenTo(pair);
    await eventually('a beginning', () => heard.text !== '');
    transport.reset();
    t.equal(transport.isClosed, true);
    await eventually('both are closed', () => heard.isClosed && owner.isClosed);
    t.equal(heard.error, 'ECONNRESET');
    t.equal(heard.isEnded, false);
    t.equal(owner.cause, undefined, 'nothing went wrong here');
  });

  t.test('in whatever state, no call throws, and the close is told once', async (t) => {
    const states: Record<string, (pair: Pair) => unknown> = {
      ended: ({ transport }) => transport.end(),
      'ended and sent': async ({ transport }) => {
        transport.end();
        await turn();
        await turn();
      },
      'ended by the other end': async ({ peer, owner }) => {
        peer.end();
        await eventually('its end', () => owner.told.includes('end'));
      },
      paused: ({ transport }) => transport.pause(),
      full: ({ transport }) => fill(transport),
      closing: ({ transport }) => transport.close(),
      destroyed: ({ transport }) => transport.destroy(),
      reset: ({ transport }) => transport.reset(),
      'closed for long': async ({ transport, owner }) => {
        transport.destroy();
        await eventually('the close', () => owner.isClosed);
      },
      'reset by the other end': async ({ resetPeer, owner }) => {
        resetPeer();
        await eventually('the close', () => owner.isClosed);
      },
    };
    for (const [state, bring] of Object.entries(states)) {
      for (const last of ['reset', 'destroy'] as const) {
        const pair = await make(t);
        const { transport, owner } = pair;
        await bring(pair);
        send(transport, 'x');
        transport.bytes(Buffer.alloc(100_000), 0, 100_000);
        transport.flush();
        transport.keepAlive();
        transport.ask();
        transport.tryWrite('x', () => {});
        transport.pause();
        transport.resume();
        transport.end();
        transport.end(() => {});
        transport[last]();
        t.equal(transport.isClosed, true, state);
        transport.reset();
        transport.close();
        transport.destroy();
        await eventually('the close', () => owner.isClosed);
        await turn();
        t.equal(owner.told.filter((name) => name === 'close').length, 1, state);
        t.same(owner.broken, [], state);
      }
    }
  });

  t.test('what is written after the end or the close is dropped, and harms nothing', async (t) => {
    const pair = await make(t);
    const { transport, owner } = pair;
    const heard = listenTo(pair);
    send(transport, 'the last');
    transport.end();
    send(transport, 'too late');
    transport.bytes(Buffer.alloc(100_000), 0, 100_000);
    transport.flush();
    await eventually('the end', () => heard.isEnded);
    t.equal(heard.text, 'the last');
    t.equal(heard.error, '');
    t.equal(owner.isClosed, false);
    transport.destroy();
    t.equal(send(transport, 'too late'), 'taken');
    await eventually('the close', () => owner.isClosed);
    t.equal(owner.cause, undefined);
  });

  t.test('a destroy is told once, later, and nothing after it', async (t) => {
    const { transport, owner, peer } = await make(t);
    peer.write('unread');
    transport.destroy();
    owner.told.length = 0;
    t.same(owner.told, []);
    await eventually('the close', () => owner.isClosed);
    transport.resume();
    await turn();
    t.same(owner.told, ['close']);
    t.equal(owner.received, '');
  });
}

function hearing(t: Test, { make }: Maker): void {
  t.test('an other end that resets the connection closes it, and why is told', async (t) => {
    const { owner, resetPeer } = await make(t);
    resetPeer();
    await eventually('the close', () => owner.isClosed);
    t.equal(owner.cause?.code, 'ECONNRESET');
    t.notOk(owner.told.includes('end'));
  });

  t.test('one that nobody reads finds out by asking that its other end is gone', async (t) => {
    const brought: Record<string, (pair: Pair) => unknown> = {
      'has ended': async ({ peer, owner }) => {
        peer.end();
        await eventually('its end', () => owner.told.includes('end'));
      },
      'is paused': ({ transport }) => transport.pause(),
    };
    for (const [name, bring] of Object.entries(brought)) {
      const pair = await make(t);
      await bring(pair);
      const { transport, owner, resetPeer } = pair;
      for (let i = 0; i < 3; i++) {
        transport.ask();
        await turn();
      }
      t.equal(owner.isClosed, false, `${name}, and is there`);
      resetPeer();
      await eventually('the close', () => {
        transport.ask();
        return owner.isClosed;
      });
    }
  });

  t.test('a write that is tried tells whether the other end had gone before', async (t) => {
    const pair = await make(t);
    const { transport, owner, peer, resetPeer } = pair;
    const tried: boolean[] = [];
    transport.tryWrite('are you there', (isRefused) => tried.push(isRefused));
    await eventually('an answer', () => tried.length === 1);
    t.same(tried, [false]);
    // Nobody reads what comes after an end: so a write is the first to hear of it.
    peer.end();
    await eventually('its end', () => owner.told.includes('end'));
    resetPeer();
    await eventually('it is gone', () => peer.destroyed);
    await new Promise((resolve) => setTimeout(resolve, 20));
    transport.tryWrite('and now', (isRefused) => tried.push(isRefused));
    await eventually('another', () => tried.length === 2);
    t.same(tried, [false, true]);
    await eventually('the close', () => owner.isClosed);
  });
}

function owning(t: Test, { make }: Maker): void {
  t.test('an owner that throws is told so, and breaks nobody else', async (t) => {
    const other = await make(t);
    for (const name of ['read', 'drain', 'end', 'close']) {
      const owner = new RecordingOwner();
      const pair = await make(t, owner);
      owner.onTold = (told) => {
        if (told === name) throw new Error(`within ${name}`);
      };
      await fill(pair.transport);
      while (!pair.transport.isFull) send(pair.transport, 'x');
      const heard = listenTo(pair);
      await eventually('what waited', () => pair.transport.pending === 0 && heard.text !== '');
      pair.peer.write('hello');
      await eventually('hello', () => owner.received === 'hello');
      pair.peer.end();
      await eventually('its end', () => owner.told.includes('end'));
      pair.transport.end(() => {
        if (name === 'close') throw new Error('within close');
      });
      await eventually('the close', () => owner.isClosed);
      t.ok(owner.broken.length > 0, name);
      for (const error of owner.broken) t.match(error, { message: `within ${name}` });
    }
    other.peer.write('hello');
    await eventually('hello', () => other.owner.received === 'hello');
    t.same(other.owner.broken, []);
  });

  t.test('after a transfer nothing reaches who had it before', async (t) => {
    const before = new RecordingOwner();
    const pair = await make(t, before);
    const { transport, peer } = pair;
    const after = new RecordingOwner();
    before.onTold = () => transport.transfer(after);
    peer.write('first');
    await eventually('the first', () => before.received === 'first');
    before.told.length = 0;
    peer.write('second');
    await eventually('the second', () => after.received === 'second');
    await fill(transport);
    while (!transport.isFull) send(transport, 'x');
    listenTo(pair);
    await eventually('it has drained', () => after.told.includes('drain'));
    const last = new RecordingOwner();
    transport.pause();
    peer.end('third');
    await turn();
    transport.transfer(last);
    transport.resume();
    await eventually('the end', () => last.told.includes('end'));
    transport.end();
    await eventually('the close', () => last.isClosed);
    t.same([before.received, after.received, last.received], ['first', 'second', 'third']);
    t.same([before.told, last.told], [[], ['end', 'close']]);
    t.notOk(after.isClosed);
  });

  t.test('whatever is done with it, it has as many listeners as before', async (t) => {
    const pair = await make(t);
    const { transport, owner, peer } = pair;
    const heard = listenTo(pair);
    const { stream } = transport;
    const listeners = () => stream.eventNames().map((name) => [name, stream.listenerCount(name)].join(' '));
    const before = listeners();
    for (let i = 0; i < 50; i++) {
      transport.pause();
      send(transport, 'x'.repeat(1_000));
      transport.ask();
      transport.tryWrite('y', () => {});
      transport.rest();
      transport.transfer(owner);
      transport.resume();
      peer.write('z');
      await turn();
    }
    await eventually('all of it', () => heard.text.length === 50 * 1_001 && owner.received.length === 50);
    t.same(listeners(), before);
  });

  t.test('its stream is the same connection, for who wants one', async (t) => {
    const pair = await make(t);
    const heard = listenTo(pair);
    send(pair.transport, 'one ');
    pair.transport.stream.write('two ');
    send(pair.transport, 'three');
    await eventually('all', () => heard.text === 'one two three');
  });

  t.test('the address of its other end is known while there is one', async (t) => {
    const { transport } = await make(t);
    t.equal(transport.peer, '127.0.0.1');
    const gone = await make(t);
    gone.transport.destroy();
    t.equal(gone.transport.peer, '');
  });
}

function opened(t: Test): void {
  t.test('one that cannot connect closes, and why is told', async (t) => {
    const owner = new RecordingOwner();
    const transport = openTransport({ host: '127.0.0.1', port: await deadPort() }, owner);
    t.same(owner.told, [], 'and not before whoever opened it has it');
    t.equal(send(transport, 'x'), 'held');
    await eventually('the close', () => owner.isClosed);
    t.same(owner.told, ['close']);
    t.equal(owner.cause?.code, 'ECONNREFUSED');
    t.equal(transport.isClosed, true);
  });

  t.test('one that connects can be closed in any way', async (t) => {
    for (const how of ['reset', 'destroy', 'end', 'close'] as const) {
      const owner = new RecordingOwner();
      const transport = openTransport({ host: '127.0.0.1', port: await deadPort() }, owner);
      transport.text('x');
      transport[how]();
      await eventually('the close', () => owner.isClosed);
      t.same(owner.told, ['close'], how);
    }
  });

  t.test('what is written before it is connected is sent once it is', async (t) => {
    let received = '';
    const { port } = await startRawBackend(t, (socket) => {
      socket.on('data', (bytes) => {
        received += bytes;
      });
    });
    const owner = new RecordingOwner();
    const transport = openTransport({ host: '127.0.0.1', port }, owner);
    t.teardown(() => transport.destroy());
    transport.text('head');
    transport.bytes(shared.fill('b'), 0, 20_000);
    t.equal(transport.flush(), 'held');
    shared.fill('-');
    await eventually('it', () => received.length === 20_004);
    t.equal(received, `head${'b'.repeat(20_000)}`);
    t.same(owner.told, ['connect']);
  });

  t.test('an owner says where it reads to, and breaks alone when it cannot', async (t) => {
    let peer: Socket | undefined;
    const { port } = await startRawBackend(t, (socket) => {
      peer = socket;
    });
    const own = Buffer.alloc(100);
    const owner = new RecordingOwner();
    const read: Buffer[] = [];
    let isBroken = false;
    const nextBuffer = () => {
      if (isBroken) throw new Error('no buffer');
      return own;
    };
    const onRead = (buffer: Buffer, size: number) => {
      read.push(buffer);
      owner.onRead(buffer, size);
    };
    const rest = {
      onDrain() {},
      onEnd() {},
      onClose() {},
      onBroken: (error: unknown) => owner.onBroken(error),
    };
    const transport = openTransport({ host: '127.0.0.1', port }, { ...rest, nextBuffer, onRead });
    t.teardown(() => transport.destroy());
    await eventually('a connection', () => peer !== undefined);
    peer?.write('one ');
    await eventually('one', () => owner.received === 'one ');
    isBroken = true;
    peer?.write('two ');
    await eventually('two', () => owner.received === 'one two ');
    peer?.write('three');
    await eventually('three', () => owner.received === 'one two three');
    t.ok(read[0] === own && read[1] === own && read[2] !== own);
    t.match(owner.broken[0], { message: 'no buffer' });
  });
}

const makers = makersOf(await makeSelfSigned());
for (const maker of makers)
  t.test(maker.name, async (t) => {
    for (const claims of [writing, reading, ending, hearing, owning]) claims(t, maker);
  });
t.test('of those that are opened alone', async (t) => opened(t));
