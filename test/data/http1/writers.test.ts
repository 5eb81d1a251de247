import t from 'tap';
import { RequestWriter, requestText } from '../../../src/data/http1/request-writer.ts';
import { connectionText, responseFraming, responseText } from '../../../src/data/http1/response-writer.ts';
import { requestHead, responseHead } from '../../support/heads.ts';

/** The text of a request as it goes to a backend. */
function forwarded(text: string, target?: string, suffix = 'X-Forwarded-For: 1.2.3.4\r\n'): string {
  const head = requestHead(text);
  return requestText(head, target ?? head.target, suffix);
}
const ADDED = 'X-Forwarded-For: 1.2.3.4\r\n\r\n';

t.test('a request travels on as it came, with what we add', async (t) => {
  const head = 'get /a?b HTTP/1.1\r\nhOST: a\r\nX:  y\r\n';
  t.equal(forwarded(`${head}\r\n`), head + ADDED);
  t.equal(
    forwarded('GET / HTTP/1.1\r\nHost: a\r\nTE: x\r\nb: c\r\n\r\n'),
    `GET / HTTP/1.1\r\nHost: a\r\nb: c\r\n${ADDED}`,
  );
  t.equal(forwarded(`${head}\r\n`, undefined, ''), `${head}\r\n`);
});

t.test('HTTP/1.0 becomes HTTP/1.1', async (t) => {
  t.equal(forwarded('GET /a HTTP/1.0\r\nHost: a\r\n\r\n'), `GET /a HTTP/1.1\r\nHost: a\r\n${ADDED}`);
});

t.test('the target is the one that is asked for', async (t) => {
  t.equal(forwarded('GET /p/a HTTP/1.1\r\nHost: a\r\n\r\n', '/a'), `GET /a HTTP/1.1\r\nHost: a\r\n${ADDED}`);
  t.equal(
    forwarded('GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n'),
    `GET /b?c HTTP/1.1\r\nHost: a\r\n${ADDED}`,
  );
  t.equal(forwarded('GET http://a HTTP/1.1\r\nHost: a\r\n\r\n'), `GET / HTTP/1.1\r\nHost: a\r\n${ADDED}`);
  t.equal(forwarded('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'), `OPTIONS * HTTP/1.1\r\nHost: a\r\n${ADDED}`);
});

t.test('the framing of a request is said anew where it did not travel on', async (t) => {
  const post = (...lines: string[]) =>
    forwarded(`POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\nHost: a\r\n\r\n`, undefined, '');
  t.equal(post('Content-Length: 5'), 'POST / HTTP/1.1\r\nContent-Length: 5\r\nHost: a\r\n\r\n');
  t.equal(post('Content-Length: 0005'), 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n');
  t.equal(post('Content-Length: 00'), 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  t.equal(
    post('Transfer-Encoding: CHUNKED'),
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
});

t.test('that a client takes trailers is said to the backend', async (t) => {
  const te = 'TE: trailers\r\nConnection: TE\r\n';
  t.equal(
    forwarded('GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n', undefined, ''),
    `GET / HTTP/1.1\r\nHost: a\r\n${te}\r\n`,
  );
  t.equal(
    forwarded(
      'PUT / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n',
      undefined,
      '',
    ),
    `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${te}\r\n`,
  );
});

t.test('a body goes to the client in the framing that it knows', async (t) => {
  const framing = (lines: string, minor: number, method = 'GET') =>
    responseFraming(responseHead(`HTTP/1.1 200 OK\r\n${lines}\r\n`, method), minor);
  t.equal(framing('Content-Length: 5\r\n', 1), 'length');
  t.equal(framing('Content-Length: 5\r\n', 0), 'length');
  t.equal(framing('Transfer-Encoding: chunked\r\n', 1), 'chunked');
  t.equal(framing('Transfer-Encoding: chunked\r\n', 0), 'close');
  t.equal(framing('', 1), 'chunked');
  t.equal(framing('', 0), 'close');
  t.equal(framing('Transfer-Encoding: chunked\r\n', 1, 'HEAD'), 'length');
});

t.test('a response travels on as it came, with its framing and connection', async (t) => {
  const written = (text: string, ...rest: ['length' | 'chunked' | 'close', string]) =>
    responseText(responseHead(text), ...rest);
  const plain = 'HTTP/1.1 299 Fine, \xe9\r\nContent-Length: 1\r\nx: Y\r\n';
  t.equal(written(`${plain}\r\n`, 'length', ''), `${plain}\r\n`);
  t.equal(written(`${plain}\r\n`, 'length', 'Connection: close\r\n'), `${plain}Connection: close\r\n\r\n`);
  t.equal(
    written(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\na: b\r\nConnection: close\r\n\r\n',
      'chunked',
      '',
    ),
    'HTTP/1.1 200 OK\r\na: b\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  t.equal(
    written('HTTP/1.0 200\r\na: b\r\n\r\n', 'close', 'Connection: close\r\n'),
    'HTTP/1.1 200 \r\na: b\r\nConnection: close\r\n\r\n',
  );
});

t.test('a client is told what becomes of its connection where its version does not say so', async (t) => {
  t.equal(connectionText(true, 1), '');
  t.equal(connectionText(true, 0), 'Connection: keep-alive\r\n');
  t.equal(connectionText(false, 1), 'Connection: close\r\n');
  t.equal(connectionText(false, 0), 'Connection: close\r\n');
});

/** A writer of requests, and what it has sent. */
function makeRequestWriter() {
  let text = '';
  const writer = new RequestWriter({
    text: (more) => {
      text += more;
    },
    bytes: (buffer, from, to) => {
      text += buffer.toString('latin1', from, to);
    },
    flush: () => 'taken',
    isFull: false,
  });
  const begin = (lines: string) =>
    writer.begin(requestHead(`POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`), '/b', 'X: y\r\n', 7);
  const write = (more: string) => writer.write(Buffer.from(`##${more}##`), 2, 2 + more.length);
  return { writer, begin, write, sent: () => text };
}

t.test('the body of a request goes as it is framed: in chunks with trailers, or as it is', async (t) => {
  const chunked = makeRequestWriter();
  chunked.begin('Transfer-Encoding: chunked\r\n');
  chunked.write('hello, backend!!');
  chunked.writer.end('A: b\r\n');
  t.equal(
    chunked.sent(),
    'POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n10\r\nhello, backend!!\r\n0\r\nA: b\r\n\r\n',
  );
  const plain = makeRequestWriter();
  plain.begin('Content-Length: 2\r\n');
  plain.write('ok');
  plain.writer.end('A: b\r\n');
  t.equal(plain.sent(), 'POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX: y\r\n\r\nok');
});

t.test('it is remembered of each request whether it was sent whole, and in one segment', async (t) => {
  const { writer, begin, write } = makeRequestWriter();
  begin('Content-Length: 5000\r\n');
  t.match(writer, { isDone: false, writes: 0, isOneSegment: false, begunAt: 7 });
  writer.flush();
  t.match(writer, { isDone: false, writes: 1, isOneSegment: true });
  write('x'.repeat(4_000));
  t.equal(writer.isOneSegment, false, 'more than a segment');
  write('x'.repeat(1_000));
  writer.end('');
  writer.flush();
  t.match(writer, { isDone: true, writes: 2, isOneSegment: false });
  begin('');
  t.match(writer, { isDone: false, writes: 0 }, 'of the one before nothing is left');
  writer.flush();
  t.equal(writer.isOneSegment, true);
});
