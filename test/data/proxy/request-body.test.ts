import t from 'tap';
import { MAX_REPLAY, RequestBody } from '../../../src/data/proxy/request-body.ts';
import { RecordingUpstream } from '../../support/exchange.ts';

const replayed = (body: RequestBody) => {
  const upstream = new RecordingUpstream();
  body.replay(upstream);
  return upstream;
};
const receive = (body: RequestBody, piece: Buffer) => body.receive(piece, 0, piece.length);
const bytes = (size: number) => Buffer.alloc(size, 'x');

t.test('what came is sent again, in order', async (t) => {
  const body = new RequestBody(false);
  receive(body, Buffer.from('one '));
  receive(body, Buffer.from('two'));
  t.match(replayed(body), { sent: 'one two', isEnded: false });
  t.equal(body.isComplete, false);
  body.complete('A: b\r\n');
  t.match(replayed(body), { sent: 'one two', isEnded: true, trailers: 'A: b\r\n' });
  t.match(replayed(body), { sent: 'one two', isEnded: true }, 'as often as needed');
  t.equal(body.size, 7);
});

t.test('an empty body is complete from the start', async (t) => {
  const body = new RequestBody(true);
  t.equal(body.isComplete, true);
  t.match(replayed(body), { sent: '', isEnded: true, trailers: '' });
});

t.test('before anything was sent nothing is forgotten', async (t) => {
  const body = new RequestBody(false);
  receive(body, bytes(MAX_REPLAY));
  receive(body, bytes(MAX_REPLAY));
  t.equal(body.canReplay, true);
  t.equal(replayed(body).sent.length, 2 * MAX_REPLAY);
});

t.test('once it is being sent, it is kept up to the limit', async (t) => {
  const body = new RequestBody(false);
  receive(body, bytes(10));
  body.markSent(true);
  receive(body, bytes(MAX_REPLAY - 10));
  t.equal(body.canReplay, true);
  receive(body, bytes(1));
  t.equal(body.canReplay, false);
  t.equal(body.size, MAX_REPLAY + 1);
});

t.test('what is too long when it is sent is forgotten then', async (t) => {
  const body = new RequestBody(false);
  receive(body, bytes(MAX_REPLAY + 1));
  t.equal(body.canReplay, true);
  body.markSent(true);
  t.equal(body.canReplay, false);
});

t.test('what must not be sent twice is not kept', async (t) => {
  const body = new RequestBody(false);
  receive(body, bytes(1));
  t.equal(body.canReplay, true);
  body.markSent(false);
  t.equal(body.canReplay, false);
  t.equal(replayed(body).sent, '');
});

t.test('what nobody has read may be sent again, if it is small and whole', async (t) => {
  const sent = (...parts: string[]) => {
    const body = new RequestBody(false);
    for (const part of parts) receive(body, Buffer.from(part));
    body.complete('');
    body.markSent(false);
    t.notOk(body.canReplay, 'not before that is known');
    body.takeBack();
    return body;
  };
  const body = sent('a', 'b');
  t.ok(body.canReplay);
  t.notOk(body.isSent);
  const upstream = new RecordingUpstream();
  body.replay(upstream);
  t.match(upstream, { sent: 'ab', isEnded: true });
  t.notOk(sent('x'.repeat(1_201)).canReplay);
  const partial = new RequestBody(false);
  receive(partial, Buffer.from('a'));
  partial.markSent(false);
  partial.takeBack();
  t.notOk(partial.canReplay);
});

t.test(
  'what is kept in small pieces costs no more than its bytes, and is sent again as it came',
  async (t) => {
    const body = new RequestBody(false);
    let text = '';
    const piece = (size: number) => {
      const part = String.fromCharCode(97 + (text.length % 26)).repeat(size);
      text += part;
      receive(body, Buffer.from(part));
    };
    for (const size of [1, 1, 5_000, 1, 2, 4_096, 4_095, 1]) piece(size);
    for (let i = 0; i < 20_000; i++) piece(1);
    const writes: number[] = [];
    const upstream = new RecordingUpstream();
    const { write } = upstream;
    upstream.write = (buffer, from, to) => {
      writes.push(buffer.buffer.byteLength);
      write.call(upstream, buffer, from, to);
    };
    body.replay(upstream);
    t.equal(upstream.sent, text);
    t.ok(writes.length < 10, `${writes.length} pieces`);
  },
);
