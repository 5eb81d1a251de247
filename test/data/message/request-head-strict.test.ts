import t, { type Test } from 'tap';
import { judgeRequest, requestHead } from '../../support/heads.ts';

/** Whole heads, each with the status that refuses it. */
function refused(t: Test, status: number, texts: readonly string[]): void {
  for (const text of texts) t.equal(judgeRequest(text), status, JSON.stringify(text.slice(0, 120)));
}

const post = (...lines: string[]) =>
  `POST / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

t.test('lines that do not end in CRLF are refused', async (t) => {
  refused(t, 400, [
    'GET / HTTP/1.1\nHost: a\n\n',
    'GET / HTTP/1.1\r\nHost: a\n\r\n',
    'GET / HTTP/1.1\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n\n',
    'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n',
    'GET / HTTP/1.1\rHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n',
    '\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  ]);
});

t.test('folded lines, blanks before a colon and names that are no token are refused', async (t) => {
  const lines = [
    'X: a\r\n b',
    'X: a\r\n\tb',
    ' X: a',
    'X : a',
    'X\t: a',
    ': a',
    'X',
    '',
    'X(y): a',
    'X y: a',
    '"X": a',
    'X@: a',
    'X\x80: a',
    'X\xa0: a',
    'Transfer-Encoding : chunked',
    'Content-Length\x0b: 5',
  ].filter((line) => line !== '');
  refused(
    t,
    400,
    lines.map((line) => post(line)),
  );
});

t.test('control characters in a value are refused', async (t) => {
  const controls = Array.from({ length: 32 }, (_, i) => i).filter(
    (code) => code !== 9 && code !== 10 && code !== 13,
  );
  refused(
    t,
    400,
    [...controls, 127].map((code) => post(`X: a${String.fromCharCode(code)}b`)),
  );
  t.equal(requestHead(post('X: a\tb')).field('x'), 'a\tb');
});

t.test('a request line that is not exactly METHOD SP target SP HTTP/1.x is refused', async (t) => {
  const lines = [
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GET / HTTP/1.1 ',
    ' GET / HTTP/1.1',
    'GET / a HTTP/1.1',
    'GET /',
    'GET HTTP/1.1',
    'GET  HTTP/1.1',
    '/ HTTP/1.1',
    'GET / http/1.1',
    'GET / HTTP/1,1',
    'GET / HTTP/11',
    'GET / HTTPS/1.1',
    'GET / ICE/1.1',
    'G(T / HTTP/1.1',
    'GÉT / HTTP/1.1',
    'GET /a#b HTTP/1.1',
    'GET /\xe9 HTTP/1.1',
    'GET /\x7f HTTP/1.1',
    'GET a HTTP/1.1',
    'GET ?a HTTP/1.1',
    'GET * HTTP/1.1',
    'GET a:80 HTTP/1.1',
    'GET ftp://a/ HTTP/1.1',
    'GET http:/a HTTP/1.1',
    'GET http:///a HTTP/1.1',
    'GET http://u@a/ HTTP/1.1',
    'GET http://a,b/ HTTP/1.1',
  ];
  refused(
    t,
    400,
    lines.map((line) => `${line}\r\nHost: a\r\n\r\n`),
  );
});

t.test('other versions are refused as such, and CONNECT is not implemented', async (t) => {
  const versions = ['0.9', '1.2', '1.10', '1.01', '2.0', '3.0', '11.1', '01.1'];
  refused(
    t,
    505,
    versions.map((version) => `GET / HTTP/${version}\r\nHost: a\r\n\r\n`),
  );
  refused(t, 505, ['PRI * HTTP/2.0\r\n\r\n']);
  refused(t, 501, [
    'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
    'CONNECT a:80 HTTP/1.1\r\nHost: b\r\n\r\n',
  ]);
});

t.test(
  'the first line is what a head is refused for, before it is whole and after, whatever else is wrong',
  async (t) => {
    refused(t, 505, [
      'GET / HTTP/2.0\r\nHost: a\r\nX: \0\r\n\r\n',
      'GET / HTTP/1.2\r\nHost: a\nX: b\r\n\r\n',
    ]);
    refused(t, 400, [
      'GET # HTTP/2.0\r\nHost: a\r\n\r\n',
      'G(T / HTTP/2.0\r\n\r\n',
      'GET /\0 HTTP/2.0\r\n\r\n',
    ]);
  },
);

t.test('a Host that is missing, doubled or not a host is refused', async (t) => {
  refused(t, 400, [
    'GET / HTTP/1.1\r\n\r\n',
    'GET http://a/ HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n',
    'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
  ]);
  const hosts = [
    '',
    'a,b',
    'a, b',
    'a b',
    'a/b',
    'u@a',
    'a:b',
    'a:',
    'a:123456',
    'a:80:80',
    '::1',
    '[::1',
    '[x]',
    'a?b',
    'a#b',
    '\xe9',
  ];
  refused(
    t,
    400,
    hosts.map((host) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
  );
});

t.test('an absolute target that names another host than Host does is refused', async (t) => {
  refused(t, 400, [
    'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET http://a/ HTTP/1.1\r\nHost: a:81\r\n\r\n',
    'GET http://a.b/ HTTP/1.0\r\nHost: a\r\n\r\n',
  ]);
});

t.test('nothing but 100-continue can be expected', async (t) => {
  for (const value of ['', '200-ok', '100-continue, x', '"100-continue"']) {
    t.equal(judgeRequest(post(`Expect: ${value}`, 'Content-Length: 1')), 417, value);
  }
});

t.test('the size of a head and the number of its lines are limited', async (t) => {
  const withLines = (count: number) => post(...Array.from({ length: count - 1 }, (_, i) => `X${i}: y`));
  const rules = { maxHeaders: 5 };
  t.type(judgeRequest(withLines(5), { rules }), 'object');
  t.equal(judgeRequest(withLines(6), { rules }), 431);
  const ofSize = (size: number) => post(`X: ${'y'.repeat(size - post('X: ').length)}`);
  t.type(judgeRequest(ofSize(200), { maxSize: 200 }), 'object');
  t.equal(judgeRequest(ofSize(201), { maxSize: 200 }), 431);
  t.type(judgeRequest(ofSize(1_500), { maxSize: 1_500 }), 'object');
  t.equal(judgeRequest(ofSize(1_501), { maxSize: 1_500 }), 431);
});
