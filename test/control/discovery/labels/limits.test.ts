import t from 'tap';
import { LABEL_LIMITS, readLabels } from '../../../../src/control/discovery/labels/limits.ts';
import { parseLabels } from '../../../../src/control/discovery/labels/parse-labels.ts';

function parse(raw: unknown) {
  const { labels, refused } = readLabels(raw);
  return parseLabels(labels, refused);
}

/** Every problem, as a sentence. */
function sentences(raw: unknown): string[] {
  const { services, problems } = parse(raw);
  return [...services.flatMap((service) => service.problems), ...problems].map(
    ({ key, message, hint }) => `${key} ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

/** So many labels, by their place. */
function many(count: number, label: (i: number) => string, value: (i: number) => string): object {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [label(i), value(i)]));
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `h${i}.org`).join();

t.test('a label that is too long is refused with its true size, and carried no further', async (t) => {
  const raw = { 'fairlead.host': 'x'.repeat(10_000_000), 'fairlead.services.b.host': 'b.org' };
  t.same(readLabels(raw).labels, { 'fairlead.services.b.host': 'b.org' });
  t.same(sentences(raw), ['fairlead.host has 10,000,013 characters; a label may have 65,536']);
  t.match(parse(raw), {
    isEnabled: true,
    services: [{ name: 'b', draft: { route: { host: ['b.org'] } } }, { name: '' }],
  });
});

t.test('a name of a label that is too long is shortened', async (t) => {
  const [sentence = ''] = sentences({ [`fairlead.${'x'.repeat(1_000_000)}`]: '1' });
  t.match(sentence, /^fairlead\.x{91}… \(1,000,009 characters\) has 1,000,010 characters; a label may have/);
});

t.test('too many labels of ours are one problem, and none is read', async (t) => {
  const raw = many(
    10_000,
    (i) => `fairlead.services.s${i}.host`,
    (i) => `h${i}.org`,
  );
  t.same(sentences(raw), ['fairlead.* are 10,000 labels; a container may have 1,000']);
  t.same(readLabels(raw).labels, {});
  const long = many(
    5,
    (i) => `fairlead.services.s${i}.host`,
    () => 'x'.repeat(60_000),
  );
  t.same(sentences(long), [
    'fairlead.* have 300,125 characters together; those of a container may have 262,144',
  ]);
});

t.test('hosts are counted over all services of a container', async (t) => {
  const raw = {
    'fairlead.services.a.host': names(LABEL_LIMITS.hosts - 1),
    'fairlead.services.b.host': 'b.org',
    'fairlead.services.c.host': 'c.org',
  };
  t.same(sentences(raw), [
    'fairlead.services.c.host is one host too many: a container may have 500 (*.example.org is every name below it)',
  ]);
  t.match(parse(raw).services, [
    {},
    { draft: { route: { host: ['b.org'] } } },
    { draft: { route: { host: undefined } } },
  ]);
});

t.test('services beyond the most are told once, and the others are read', async (t) => {
  const raw = many(
    300,
    (i) => `fairlead.services.s${String(i).padStart(3, '0')}.host`,
    (i) => `h${i}.org`,
  );
  t.same(sentences(raw), [
    'fairlead.services.* are 300 services; a container may have 100, the first by name',
  ]);
  t.equal(parse(raw).services.length, 100);
});

t.test('a list that requests go through has at most a hundred items', async (t) => {
  const statuses = (count: number) => ({
    'fairlead.host': 'a.org',
    'fairlead.health.status': Array.from({ length: count }, () => '200').join(),
  });
  t.same(sentences(statuses(100)), []);
  t.same(sentences(statuses(5_000)), ['fairlead.health.status wants at most 100 items, not 5,000']);
});

t.test('what a message repeats is shortened, whatever the key', async (t) => {
  const text = '"'.repeat(60_000);
  for (const key of ['host', 'path', 'port', 'drain', 'hash', 'errors', 'fallback', 'services.x.nonsense'])
    for (const sentence of sentences({ [`fairlead.${key}`]: text })) t.ok(sentence.length < 500, key);
  for (const sentence of sentences({ [`fairlead.services.${'x'.repeat(60_000)}.host`]: 'a.org' }))
    t.ok(sentence.length < 500);
});

t.test("others' labels are kept where a rule may name them, and are never a problem", async (t) => {
  const others = { 'org.team': 'blog', 'org.long': 'x'.repeat(1_000_000), 'org.odd': 7 };
  t.same(readLabels({ ...others, 'fairlead.host': 'a.org' }), {
    labels: { 'org.team': 'blog', 'fairlead.host': 'a.org' },
    refused: [],
  });
});

t.test('a label that is no text, and labels that are none, end nothing', async (t) => {
  t.same(sentences({ 'fairlead.host': 7, 'fairlead.path': null }), [
    'fairlead.host is no text',
    'fairlead.path is no text',
  ]);
  for (const raw of [null, undefined, 7, 'text', []]) t.same(sentences(raw), []);
});
