import t from 'tap';
import type { KeysOf } from '../../../src/model/keys/key.ts';
import { KeyTree, put } from '../../../src/model/keys/key-tree.ts';
import { integer, TIME, text } from '../../../src/model/keys/kinds.ts';
import { MAX_ITEMS, ValueError } from '../../../src/model/parse-values.ts';

/** What a toy says: a value, a group of two, and values by name. */
interface Toy {
  readonly size?: number;
  readonly wait?: { readonly longMs?: number; readonly shortMs?: number };
  readonly headers?: { readonly request?: Readonly<Record<string, string>> };
}

/** Names of headers are the same in any case. */
function parseName(name: string): string {
  if (!/^[\w-]+$/.test(name)) throw new ValueError('wants the name of a header');
  return name.toLowerCase();
}

const KEYS: KeysOf<Toy> = {
  size: { key: 'size', ...integer(0, 10), default: 'none', doc: 'How large' },
  wait: {
    longMs: { key: 'wait', ...TIME, doc: 'How long' },
    shortMs: { key: 'wait.short', ...TIME, doc: 'How long at least' },
  },
  headers: {
    request: {
      key: 'headers.request.NAME',
      ...text('VALUE', String),
      parseName,
      default: 'none',
      doc: 'A header',
    },
  },
};
const TREE = new KeyTree<Toy>(KEYS, { wait: { longMs: 5_000, shortMs: 0 } });

/** Says keys, one after the other. */
function say(said: Readonly<Record<string, string>>): Toy {
  const toy: Toy = {};
  for (const [key, value] of Object.entries(said)) {
    const found = TREE.find(key);
    if (found !== undefined) TREE.set(toy, found, value);
  }
  return toy;
}

t.test('a key is found by its name, and sets what stands where it does in the table', async (t) => {
  t.same(say({ size: '3', wait: '1m', 'wait.short': '5ms' }), {
    size: 3,
    wait: { longMs: 60_000, shortMs: 5 },
  });
  t.equal(TREE.find('siez'), undefined);
  t.equal(TREE.has('siez'), false);
  t.throws(() => say({ size: '11' }), /from 0 to 10/);
});

t.test('the keys of a family have a name in them, each with a value of its own', async (t) => {
  const toy = say({ 'headers.request.X-One': '1', 'headers.request.X-Two': '2' });
  t.same(toy, { headers: { request: { 'x-one': '1', 'x-two': '2' } } });
  t.equal(TREE.find('headers.request.X-One')?.key, 'headers.request.x-one', 'in its only spelling');
  t.same(
    TREE.settingsIn(toy).map(({ key, value }) => `${key} is ${value}`),
    ['headers.request.x-one is 1', 'headers.request.x-two is 2'],
  );
  t.equal(TREE.has('headers.request.'), false, 'without a name it is none');
  t.throws(() => TREE.find('headers.request.a b'), { name: 'ValueError' });
});

t.test('a name that all objects have is a name like any other', async (t) => {
  const toy = say({ 'headers.request.__proto__': 'x', 'headers.request.constructor': 'y' });
  t.same(
    TREE.settingsIn(toy).map(({ key, value }) => [key, value]),
    [
      ['headers.request.__proto__', 'x'],
      ['headers.request.constructor', 'y'],
    ],
  );
  t.equal(Object.getPrototypeOf(toy.headers?.request), Object.prototype);
  const copy: Toy = {};
  for (const { path, value } of TREE.settingsIn(toy)) put(copy, path, value);
  t.same(TREE.changesIn(copy), TREE.changesIn(toy), 'nor does it get lost in a merge');
});

t.test('a family has so many names and no more', async (t) => {
  const names = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`headers.request.x-${i}`, '1']));
  t.equal(TREE.settingsIn(say(names(MAX_ITEMS))).length, MAX_ITEMS);
  t.throws(() => say(names(MAX_ITEMS + 1)), /one too many: there may be 100 of headers\.request\.NAME/);
});

t.test('what a slip may have meant has the name that it has', async (t) => {
  t.same(TREE.candidates('header.request.x-one').at(-1), 'headers.request.x-one');
  t.same(TREE.candidates('siez'), ['size', 'wait', 'wait.short', 'headers.request.NAME']);
});

t.test('what differs from the defaults is shown as people write it', async (t) => {
  t.same(TREE.changesIn(say({ size: '3', wait: '5s', 'wait.short': '90s', 'headers.request.a': 'b' })), [
    'size=3',
    'wait.short=90s',
    'headers.request.a=b',
  ]);
  t.same(TREE.changesIn({}), []);
});

t.test('defaults are told in words where a key has any, else as their value is written', async (t) => {
  t.same(
    TREE.entries.map((entry) => `${entry.key}: ${entry.default}`),
    ['size: none', 'wait: 5s', 'wait.short: 0', 'headers.request.NAME: none'],
  );
});
