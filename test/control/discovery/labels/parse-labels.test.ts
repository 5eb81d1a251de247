import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { parseLabels } from '../../../../src/control/discovery/labels/parse-labels.ts';
import { KEYS } from '../../../../src/model/keys/key-table.ts';

/** Labels that are ours, nearly ours, or anything. */
const labels = fc.dictionary(
  fc.oneof(
    fc.constantFrom(...KEYS.entries.map(({ key }) => `fairlead.${key}`)),
    fc.constantFrom(...KEYS.entries.map(({ key }) => `fairlead.services.api.${key}`)),
    fc.string().map((key) => `fairlead.${key}`),
    fc.string({ unit: 'binary' }),
  ),
  fc.oneof(
    fc.constantFrom('true', '8080', '5s', 'shop.localhost', '/api', '2xx', 'service:x', 'url:http://x'),
    fc.string({ unit: 'binary' }),
  ),
);

t.test('whatever the labels are, reading them never throws', async () => {
  fc.assert(fc.property(labels, (input) => parseLabels(input) !== undefined));
});

t.test('the same labels mean the same in any order', async () => {
  const shuffled = labels.chain((input) =>
    fc.tuple(
      fc.constant(input),
      fc.shuffledSubarray(Object.entries(input), { minLength: Object.keys(input).length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([input, entries]) => {
      deepStrictEqual(parseLabels(Object.fromEntries(entries)), parseLabels(input));
    }),
  );
});

t.test('every label of ours has an effect or a problem', async () => {
  const keys = KEYS.entries.map(({ key }) => `fairlead.${key}`);
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.string(), (label, value) => {
      const { services } = parseLabels({ [label]: value });
      const { enable } = services[0]?.draft.container ?? {};
      const isSwitch = label === 'fairlead.enable' && (services.length === 0 || enable !== undefined);
      return isSwitch || services.length === 1;
    }),
  );
});

t.test('hosts on lines of their own are refused, not joined to one name', async (t) => {
  for (const host of ['shop.example.org\nwww.example.org', 'bücher.example\nwww.example.org']) {
    const [service] = parseLabels({ 'fairlead.host': host }).services;
    t.equal(service?.draft.route.host, undefined);
    t.match(service?.problems[0]?.message, 'put commas between hosts');
  }
});

t.test('labels named like parts of every object are none of ours', async (t) => {
  const input = JSON.parse('{"__proto__": "x", "constructor": "y", "fairlead.__proto__": "z"}');
  const { isEnabled, services } = parseLabels(input);
  t.equal(isEnabled, true);
  t.match(services, [{ problems: [{ key: 'fairlead.__proto__', message: 'is not a known key' }] }]);
});
