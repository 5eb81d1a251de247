import fc from 'fast-check';
import t from 'tap';
import { ProxyError } from '../../../src/data/errors.ts';
import { fieldList, fieldText } from '../../../src/data/message/field.ts';
import { CHUNKED } from '../../../src/data/message/head.ts';
import { listedResponseHead, statusLine } from '../../../src/data/message/response-head.ts';
import { RULES, requestHead, requestWith, responseHead } from '../../support/heads.ts';

const listed = (line: string, fields: readonly string[], method = 'GET') =>
  listedResponseHead(line, fields, method, RULES);

t.test('what is forwarded is there as a list: names in lower case and trimmed values', async (t) => {
  const head = requestWith(['X-A:  1 \t', 'Connection: X-B', 'X-B: 2', 'X-C:', 'x-c: a: b', 'TE: trailers']);
  t.strictSame(head.lines(), ['host', 'test.localhost', 'x-a', '1', 'x-c', '', 'x-c', 'a: b']);
  t.strictSame(requestHead('GET / HTTP/1.0\r\n\r\n').lines(), []);
});

t.test('header lines that we add stand behind the others in the list', async (t) => {
  const head = responseHead('HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  t.strictSame(head.lines('Via: 1.1 us\r\nDate: now\r\n'), ['server', 'x', 'via', '1.1 us', 'date', 'now']);
});

t.test('a length that is written anew is in the list as it is forwarded', async (t) => {
  const head = requestHead('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\nX: y\r\n\r\n');
  t.strictSame(head.lines(), ['host', 'a', 'x', 'y', 'content-length', '7']);
});

t.test('a response that came as a list is judged as one that came as text', async (t) => {
  const head = listed(statusLine(404), ['Transfer-Encoding', 'chunked', 'Keep-Alive', 'timeout=9', 'X', 'y']);
  if (head instanceof ProxyError) throw new Error(head.detail);
  t.match(head, { status: 404, length: CHUNKED, idleSeconds: 9, minor: 1 });
  t.equal(head.fields(), 'X: y\r\n');
  const twice = listed(statusLine(200), ['content-length', '1', 'content-length', '2']);
  t.match(twice, new ProxyError('bad-response', 'more than one Content-Length'));
  t.type(listed('HTTP/2.0 200 OK\r\n', []), ProxyError, 'of another version');
  t.type(listed(statusLine(20), []), ProxyError, 'no status');
});

t.test('a name or a value of a list cannot begin another line', async (t) => {
  for (const [name, value] of [
    ['x', 'a\r\nset-cookie: b'],
    ['x', 'a\nb'],
    ['x', 'a\r'],
    ['x: a\r\nset-cookie', 'b'],
    ['x:y', 'z'],
    [':status', '200'],
    ['', 'a'],
    ['x y', 'a'],
    ['x', '\0'],
  ] as const)
    t.type(listed(statusLine(200), [name, value]), ProxyError, JSON.stringify([name, value]));
});

t.test('a status has its reason', async (t) => {
  t.equal(statusLine(404), 'HTTP/1.1 404 Not Found\r\n');
  t.equal(statusLine(499), 'HTTP/1.1 499 Unknown\r\n');
});

t.test('property: a list becomes text and comes back, or it is refused', async (t) => {
  const part = fc.string({ unit: fc.constantFrom('a', 'B', '-', ':', ' ', '\t', '\r', '\n', '"') });
  fc.assert(
    fc.property(fc.array(fc.tuple(part, part)), (fields) => {
      const text = fieldText(fields.flat());
      if (text === undefined)
        return fields.some(([name, value]) => /[\r\n:]/.test(name) || /[\r\n]/.test(value));
      const back = fields.flatMap(([name, value]) => [
        name.toLowerCase(),
        value.replace(/^[ \t]+|[ \t]+$/g, ''),
      ]);
      return JSON.stringify(fieldList(text)) === JSON.stringify(back);
    }),
    { seed: 7 },
  );
  t.pass();
});
