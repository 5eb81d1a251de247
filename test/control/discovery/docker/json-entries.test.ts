import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { readContainer } from '../../../../src/control/discovery/docker/container.ts';
import { JsonEntries } from '../../../../src/control/discovery/docker/json-entries.ts';
import { CUT } from '../../../../src/control/discovery/labels/limits.ts';
import { makeEntry } from '../../../support/fake-engine.ts';

/** The entries of a text that comes in pieces of that many bytes. */
function read(text: string, size = 65_536): readonly unknown[] {
  const reader = new JsonEntries();
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += size) reader.push(bytes.subarray(i, i + size));
  return reader.end();
}

t.test('whatever the list and however it is cut, its entries are those of JSON.parse', async () => {
  const list = fc.array(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())));
  const space = fc.constantFrom(undefined, 1, '\t');
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 40 }), space, (value, size, indent) => {
      const text = JSON.stringify(value, null, indent);
      deepStrictEqual(read(`${text}\n`, size), JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

t.test('an escape or a character that lies across two pieces is one', async (t) => {
  const entry = { 'a"b\\': 'ü€😀\u0000\\"', c: '\\' };
  const escaped = JSON.stringify([entry]).replace('ü', '\\u00fc');
  for (let size = 1; size < 12; size++) t.same(read(escaped, size), [entry]);
});

t.test('what is no list, or only a part of one, is none', async (t) => {
  for (const text of [
    '',
    '{}',
    '{"a":[{}]}',
    'null',
    '7',
    '"["',
    '[',
    '[}',
    '[{"Id":"a"},{"Id"',
    '[{}{}]',
    '[x]',
  ])
    t.throws(() => read(text), text);
  t.throws(() => read('[{"Id": nonsense}]'));
  t.throws(() => read('[{"Id":1]}'));
  t.same(
    read(' [ {"a":1} , null, 7, "[{", [2] ] '),
    [{ a: 1 }, [2]],
    'what is neither map nor list is left out',
  );
});

t.test('a text of any length is cut, and the entries around it are whole', async (t) => {
  for (const unit of ['x', '\\u00fc', '\\"', 'ü', '\\\\'])
    for (const size of [65_536, 65_537, 7_001]) {
      const label = `"fairlead.host":"${unit.repeat(2_000_000 / unit.length)}"`;
      const entries = read(`[{"Id":"a"},{"Labels":{${label}},"State":"up"},{"Id":"c"}]`, size);
      const [first, cut, last] = entries as [
        unknown,
        { Labels: Record<string, string>; State: string },
        unknown,
      ];
      t.same([first, cut.State, last], [{ Id: 'a' }, 'up', { Id: 'c' }]);
      const value = cut.Labels['fairlead.host'] ?? '';
      t.ok(value.endsWith(CUT));
      t.ok(value.length < 140_000);
    }
});

t.test(
  'of a container with labels without end it is known who it is, and that they are too long',
  async (t) => {
    const labels = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`a${i}`, 'x'.repeat(40)]));
    const entries = [
      makeEntry({ id: 'a' }),
      makeEntry({ id: 'b', name: 'big', labels }),
      makeEntry({ id: 'c' }),
    ];
    const [a, big, c] = read(JSON.stringify(entries));
    t.same([a, c], [entries[0], entries[2]]);
    t.match(readContainer(big), {
      id: entries[1]?.Id,
      name: 'big',
      labels: {},
      refused: [{ key: 'fairlead.*', message: /^is far too long/ }],
    });
  },
);
