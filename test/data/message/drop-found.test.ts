import t from 'tap';
import { headerNames } from '../../../src/data/message/field.ts';
import { parseRequestHead, type RequestHead } from '../../../src/data/message/request-head.ts';
import { RULES, requestHead, requestWith, responseHead } from '../../support/heads.ts';
import { seededRandom } from '../../support/random.ts';

/** The lines that are left of a request with these lines once those names are dropped. */
function left(lines: readonly string[], names: readonly string[], keepUnderscores = false): string[] {
  const head = requestWith(lines, { rules: { keepUnderscores } });
  head.dropFound(headerNames(names));
  return linesOf(head.fields());
}

function linesOf(fields: string): string[] {
  return fields.split('\r\n').slice(0, -1);
}

t.test('all lines of a name are dropped, wherever they stand and however they are written', async (t) => {
  const lines = ['A: 1', 'x-user: a', 'B: 2', 'X-USER:b', 'X-User:', 'C: 3'];
  t.strictSame(left(lines, ['X-User']), ['Host: test.localhost', 'A: 1', 'B: 2', 'C: 3']);
  t.strictSame(left(lines, ['A', 'C']), ['Host: test.localhost', ...lines.slice(1, 5)]);
});

t.test('a name is dropped whole, and not where it is a part of another or of a value', async (t) => {
  const lines = ['X-User-Id: 1', 'My-X-User: 2', 'A: X-User: 3'];
  t.strictSame(left(lines, ['X-User']), ['Host: test.localhost', ...lines]);
});

t.test('the letters of a name that mean something in an expression stand for themselves', async (t) => {
  const name = "!#$%&'*+-.^_`|~9aZ";
  t.strictSame(left([`${name}: 1`, 'A: 2'], [name], true), ['Host: test.localhost', 'A: 2']);
  t.strictSame(left(['XaY: 1'], ['X.Y']), ['Host: test.localhost', 'XaY: 1']);
});

t.test(
  'a name is dropped in the spelling that programs take for the same, where such names are kept',
  async (t) => {
    t.strictSame(left(['X_User: 1', 'A: 2'], ['X-User'], true), ['Host: test.localhost', 'A: 2']);
    t.strictSame(left(['X-User: 1', 'A: 2'], ['x_user'], true), ['Host: test.localhost', 'A: 2']);
  },
);

t.test('what follows the head is not looked at', async (t) => {
  const head = requestHead('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n\r\nX-A: b\r\n');
  head.dropFound(headerNames(['X-A']));
  t.strictSame(head.dropped, []);
  const empty = responseHead('HTTP/1.1 204 No Content\r\n\r\nX-A: b\r\n\r\n');
  empty.dropFound(headerNames(['X-A']));
  t.strictSame(empty.dropped, []);
});

t.test('whatever was dropped before stays dropped, and nothing else is', async (t) => {
  const random = seededRandom(11);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const names = ['A', 'B', 'X-Forwarded-For', 'Connection', 'X-User', 'Keep-Alive', 'C_D'];
  for (let round = 0; round < 2_000; round++) {
    const lines = Array.from(
      { length: Math.floor(random() * 8) },
      (_, i) => `${pick(names)}: ${i === 3 ? '' : i}`,
    );
    const chosen = names.filter(() => random() < 0.3);
    const text = `GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
    const head = parseRequestHead(text, text.length - 4, RULES, false) as RequestHead;
    const before = linesOf(head.fields());
    if (chosen.length > 0) head.dropFound(headerNames(chosen));
    const wanted = before.filter((line) => !chosen.includes(line.slice(0, line.indexOf(':'))));
    if (linesOf(head.fields()).join() !== wanted.join()) t.fail(JSON.stringify({ lines, chosen }));
    const ascending = head.dropped.every((offset, i) => i === 0 || offset > (head.dropped[i - 1] as number));
    if (!ascending) t.fail(`not ascending: ${head.dropped.join()}`);
  }
});
