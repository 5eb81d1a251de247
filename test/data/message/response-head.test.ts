import t from 'tap';
import { CHUNKED, UNTIL_CLOSE } from '../../../src/data/message/head.ts';
import { judgeResponse, responseHead } from '../../support/heads.ts';

const ok = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

t.test('a plain response is read', async (t) => {
  const head = responseHead('HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nServer: x\r\n\r\n');
  t.match(head, { status: 404, minor: 1, length: 3, keepAlive: true, idleSeconds: 0 });
  t.equal(head.fields(), 'Content-Length: 3\r\nServer: x\r\n');
  t.equal(head.end, head.text.length);
});

t.test('a reason may be missing, empty or anything that is no control', async (t) => {
  for (const line of ['HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.1 200 \xe9t\xe9 (1)\t!', 'HTTP/1.0 599 X']) {
    t.equal(responseHead(`${line}\r\n\r\n`).fields(), '', line);
  }
});

t.test('a status line that is not exactly one is refused', async (t) => {
  const lines = [
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 200OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 600 OK',
    'HTTP/1.1 +20 OK',
    'HTTP/1.2 200 OK',
    'HTTP/2 200 OK',
    'http/1.1 200 OK',
    'ICY 200 OK',
    'HTTP/1.1 200 \0',
    ' HTTP/1.1 200 OK',
  ];
  for (const line of lines) t.type(judgeResponse(`${line}\r\n\r\n`), 'string', JSON.stringify(line));
});

t.test('malformed header lines are refused', async (t) => {
  const lines = [
    ' X: a',
    'X\xa0: a',
    'X',
    ': a',
    'X: a\r\n b',
    'X: \0',
    'X: a\rb',
    'X: a\nY: b',
    'X\xe9: a',
    'X: \x7f',
  ];
  for (const line of lines) t.type(judgeResponse(ok(line)), 'string', JSON.stringify(line));
  t.type(judgeResponse('HTTP/1.1 200 OK\nX: a\n\n'), 'string');
});

t.test('blanks before a colon are removed, and the header counts', async (t) => {
  const head = responseHead(
    'HTTP/1.1 200 a : b\r\nX : a\r\nTransfer-Encoding \t: chunked\r\nY: c :d\r\n\r\n',
  );
  t.equal(head.fields(), 'X: a\r\nY: c :d\r\n');
  t.equal(head.length, CHUNKED);
  t.equal(head.text, 'HTTP/1.1 200 a : b\r\nX: a\r\nTransfer-Encoding: chunked\r\nY: c :d\r\n\r\n');
});

t.test('a length that is said twice is one, unless the two differ', async (t) => {
  const head = responseHead(ok('Content-Length: 7', 'A: b', 'Content-Length: 7'));
  t.equal(head.fields(), 'Content-Length: 7\r\nA: b\r\n');
  t.equal(head.length, 7);
  for (const lines of [['7', '8'], ['7', '07'], ['7', '7, 7'], ['7, 7']])
    t.type(
      judgeResponse(ok(...lines.map((value) => `Content-Length: ${value}`))),
      'string',
      lines.join(' and '),
    );
});

t.test('what will never be a response is none before its head is whole', async (t) => {
  for (const text of [
    'SSH-2.0-OpenSSH_9.9\r\n',
    '220 mail ESMTP',
    '\x16\x03',
    'HTTP/1.1 2O',
    'HTTP/1.1 200:',
    'HTTP/2',
    ' ',
    '\r',
  ])
    t.type(judgeResponse(text), 'string', JSON.stringify(text));
  for (const text of [
    'H',
    'HTTP/1.',
    'HTTP/1.1 2',
    'HTTP/1.1 200',
    'HTTP/1.1 200\r',
    `HTTP/1.1 200 ${'x'.repeat(500)}`,
  ])
    t.equal(judgeResponse(text), 'partial', JSON.stringify(text));
});

t.test(
  'the length of the body is what the one framing header says, else until the connection closes',
  async (t) => {
    const cases: [string[], number, boolean][] = [
      [['Content-Length: 0'], 0, true],
      [['Content-Length: 12'], 12, true],
      [['Transfer-Encoding: Chunked'], CHUNKED, true],
      [[], UNTIL_CLOSE, false],
      [['Connection: keep-alive'], UNTIL_CLOSE, false],
    ];
    for (const [lines, length, keepAlive] of cases) {
      t.match(responseHead(ok(...lines)), { length, keepAlive }, lines.join());
    }
  },
);

t.test('a body whose length can be understood in two ways is refused', async (t) => {
  const cases = [
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: gzip'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Transfer-Encoding: chunked, chunked'],
    ['Transfer-Encoding:'],
    ['Content-Length: 5, 5'],
    ['Content-Length: +5'],
    ['Content-Length:'],
  ];
  for (const lines of cases) {
    t.type(judgeResponse(ok(...lines)), 'string', lines.join());
    t.type(judgeResponse(ok(...lines), 'HEAD'), 'string', `${lines.join()} to HEAD`);
  }
  t.type(judgeResponse('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), 'string');
});

t.test('HEAD, 1xx, 204 and 304 have no body whatever their headers say', async (t) => {
  for (const framing of ['Content-Length: 5', 'Transfer-Encoding: chunked', 'X: y']) {
    t.match(responseHead(ok(framing), 'HEAD'), { length: 0, keepAlive: true }, `HEAD ${framing}`);
    for (const status of [100, 103, 204, 304]) {
      const head = responseHead(`HTTP/1.1 ${status} X\r\n${framing}\r\n\r\n`);
      t.equal(head.length, 0, `${status} ${framing}`);
    }
  }
});

t.test('a connection does not stay behind a 204 whose body may come all the same', async (t) => {
  const keeps = (framing: string, status = 204) =>
    responseHead(`HTTP/1.1 ${status} X\r\n${framing}\r\n\r\n`).keepAlive;
  t.equal(keeps('Content-Length: 5'), false);
  t.equal(keeps('Transfer-Encoding: chunked'), false);
  t.equal(keeps('Content-Length: 0'), true);
  t.equal(keeps('X: y'), true);
  t.equal(keeps('Content-Length: 5', 304), true);
});

t.test('Content-Length is passed on for HEAD and 304 and dropped where there must be none', async (t) => {
  t.equal(responseHead(ok('Content-Length: 5'), 'HEAD').fields(), 'Content-Length: 5\r\n');
  t.equal(responseHead('HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n').fields(), 'Content-Length: 5\r\n');
  t.equal(responseHead('HTTP/1.1 204 X\r\nContent-Length: 0\r\nA: b\r\n\r\n').fields(), 'A: b\r\n');
  t.equal(responseHead('HTTP/1.1 103 X\r\nA: b\r\nContent-Length: 0\r\n\r\n').fields(), 'A: b\r\n');
});

t.test('headers of the connection and those that it nominates stay behind', async (t) => {
  const head = responseHead(
    ok(
      'Connection: keep-alive, X-Hop',
      'Keep-Alive: timeout=5',
      'x-hop: 1',
      'Proxy-Connection: a',
      'Upgrade: a',
      'Transfer-Encoding: chunked',
      'Set-Cookie: a_b=1',
      'Set_Cookie: 2',
      'Set-Cookie: c=\xfc',
    ),
  );
  t.equal(head.fields(), 'Set-Cookie: a_b=1\r\nSet_Cookie: 2\r\nSet-Cookie: c=\xfc\r\n');
});

t.test('the connection to a backend stays as its version and Connection say', async (t) => {
  const keeps = (minor: number, ...lines: string[]) =>
    responseHead(
      `HTTP/1.${minor} 200 OK\r\nContent-Length: 0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`,
    ).keepAlive;
  t.equal(keeps(1), true);
  t.equal(keeps(1, 'Connection: Close'), false);
  t.equal(keeps(1, 'Connection: x', 'Connection: y, close'), false);
  t.equal(keeps(0), false);
  t.equal(keeps(0, 'Connection: Keep-Alive'), true);
});

t.test('a backend may say how long it keeps an idle connection', async (t) => {
  const seconds = (value: string) =>
    responseHead(ok('Content-Length: 0', `Keep-Alive: ${value}`)).idleSeconds;
  t.equal(seconds('timeout=5'), 5);
  t.equal(seconds('max=100, TIMEOUT=72'), 72);
  t.equal(seconds('max=100'), 0);
  t.equal(seconds('xtimeout=5'), 0);
  t.equal(seconds('timeout=x'), 0);
});

t.test('the number of header lines is limited', async (t) => {
  const lines = Array.from({ length: 5 }, (_, i) => `X${i}: y`);
  t.type(judgeResponse(ok(...lines), 'GET', { maxHeaders: 5 }), 'object');
  t.type(judgeResponse(ok(...lines), 'GET', { maxHeaders: 4 }), 'string');
});
