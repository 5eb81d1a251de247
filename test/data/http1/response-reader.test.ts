import t from 'tap';
import type { ProxyError } from '../../../src/data/errors.ts';
import { ResponseReader, type ResponseSink } from '../../../src/data/http1/response-reader.ts';
import type { ResponseHead } from '../../../src/data/message/response-head.ts';
import type { Flow } from '../../../src/data/socket/transport.ts';
import { splits } from '../../support/codec.ts';
import { RULES } from '../../support/heads.ts';

/** Writes down what a reader tells it. */
class Told implements ResponseSink {
  readonly events: string[] = [];
  flow: Flow | undefined = 'taken';
  isWanted = true;

  interim({ status }: ResponseHead): Flow | undefined {
    this.events.push(`interim ${status}`);
    return this.flow;
  }

  response({ status }: ResponseHead): boolean {
    this.events.push(`response ${status}`);
    return this.isWanted;
  }

  body(buffer: Buffer, from: number, to: number): void {
    this.events.push(`body ${buffer.toString('latin1', from, to)}`);
  }

  bodyFollows({ status }: ResponseHead): void {
    this.events.push(`more of ${status}`);
  }

  responseEnded(trailers: string, surplus: number): void {
    this.events.push(`end ${trailers}${surplus}`);
  }

  fail({ code, detail }: ProxyError): void {
    this.events.push(`${code}: ${detail}`);
  }
}

function makeReader(method = 'GET') {
  const told = new Told();
  const reader = new ResponseReader(told, { settings: { rules: RULES, maxHeaderSize: 16_384 } });
  reader.begin(method);
  const read = (text: string) => {
    told.events.length = 0;
    // What it takes is only lent.
    const lent = Buffer.from(`${text}##`, 'latin1');
    reader.read(lent, text.length);
    lent.fill(0x23);
    return [...told.events];
  };
  return { told, reader, read };
}

const HINT = 'HTTP/1.1 103 Early Hints\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

t.test('interim responses, the final one and what is behind it are told in order', async (t) => {
  t.same(makeReader().read(`${HINT}${HINT}${OK}???`), [
    'interim 103',
    'interim 103',
    'response 200',
    'body ok',
    'end 3',
  ]);
});

t.test('a response is the same however it comes', async (t) => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n';
  for (const pieces of splits(HINT + chunked)) {
    const { told, read } = makeReader();
    const events = pieces.flatMap((piece) => read(piece.toString('latin1')));
    const body = events.filter((event) => event.startsWith('body ')).map((event) => event.slice(5));
    const rest = events.filter((event) => !/^(?:body|more) /.test(event));
    if (body.join('') !== 'abc' || rest.join() !== 'interim 103,response 200,end A: b\r\n0')
      t.fail(JSON.stringify([pieces.map(String), told.events]));
  }
});

t.test('each response answers the request that was begun last', async (t) => {
  const { reader, read } = makeReader('HEAD');
  t.same(read('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'), ['response 200', 'end 0']);
  reader.begin('GET');
  t.same(read(OK), ['response 200', 'body ok', 'end 0']);
});

t.test('it is told once when more of a body is to come than came with the head', async (t) => {
  const { read } = makeReader();
  t.same(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na'), ['response 200', 'body a', 'more of 200']);
  t.same(read('b'), ['body b']);
  t.same(read('c'), ['body c', 'end 0']);
});

t.test('it is held up by an interim response that is not taken, until the next bytes come', async (t) => {
  const { told, reader, read } = makeReader();
  told.flow = 'full';
  read(HINT);
  t.equal(reader.isHeldUp, true);
  read('HTTP/1.1 200 OK\r\n');
  t.equal(reader.isHeldUp, false, 'by a part of a head nobody is held up');
  t.equal(reader.isPartial, true);
  read(`Content-Length: 2\r\n\r\nok`);
  reader.begin('GET');
  read(HINT + OK);
  t.equal(reader.isHeldUp, true, 'its user has to ask only if no response has begun');
});

t.test('nothing is read of a response that is not wanted', async (t) => {
  const { told, read } = makeReader();
  told.isWanted = false;
  t.same(read(OK), ['response 200']);
});

t.test('what is no response is told with what is wrong, and ends it', async (t) => {
  const wrong = (text: string) => makeReader().read(text);
  t.same(wrong('SSH-2.0-x\r\n'), ['bad-response: response head is malformed']);
  t.same(wrong(`HTTP/1.1 101 Switching Protocols\r\n\r\n${OK}`), ['bad-response: 101 without an Upgrade']);
  t.same(wrong(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`), ['bad-response: response head is too-large']);
  t.same(wrong('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx'), [
    'response 200',
    'bad-response: chunk size is missing',
  ]);
  const { told, read } = makeReader();
  told.flow = undefined;
  t.same(read(HINT + OK), ['interim 103', 'bad-response: interim responses without end']);
});

t.test('a body without a length ends with the connection, and nothing else does', async (t) => {
  const { told, reader, read } = makeReader();
  t.equal(reader.end(), false, 'before a response');
  read('HTTP/1.1 200 OK\r\n\r\nab');
  t.equal(reader.end(), true);
  t.equal(told.events.at(-1), 'end 0');
  t.equal(reader.end(), false, 'not twice');
  reader.begin('GET');
  read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab');
  t.equal(reader.end(), false, 'within a response that has a length');
});

t.test('a connection may wait a second less than the backend says, or 4, or not at all', async (t) => {
  const idleMs = (...lines: string[]) => {
    const { reader, read } = makeReader();
    read(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
    return reader.idleMs;
  };
  t.equal(idleMs(), 4_000);
  t.equal(idleMs('Keep-Alive: timeout=60'), 59_000);
  t.equal(idleMs('Keep-Alive: timeout=1'), 0);
  t.equal(idleMs('Connection: close', 'Keep-Alive: timeout=60'), 0);
});
