// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose files have variables of that form
import t from 'tap';
import {
  interpolate,
  isComposeFile,
  parseComposeFile,
} from '../../../../src/control/discovery/file/compose.ts';

function check(text: string, env: Record<string, string> = {}) {
  const { services, problems } = parseComposeFile('compose.yaml', text, env);
  const lines = problems.map(({ severity, where, message }) => `${severity} ${where}: ${message}`);
  return { services, lines };
}

t.test('a compose file has services with an image or a build, ours has none', async (t) => {
  t.ok(isComposeFile('services: { shop: { image: nginx } }'));
  t.ok(isComposeFile('services: { shop: { build: . }, db: {} }'));
  t.ok(isComposeFile('x-base: &base { image: nginx }\nservices: { shop: { <<: *base } }'));
  t.notOk(isComposeFile('services: { shop: { host: a.org, backends: [http://a] } }'));
  for (const text of ['', 'services:', 'services: [image]', 'services: { shop: }', '{', 'text', '- image: x'])
    t.notOk(isComposeFile(text), JSON.stringify(text));
});

t.test('labels are a map or a list', async (t) => {
  const map = 'services: { shop: { image: x, labels: { fairlead.host: a.org, fairlead.port: 80 } } }';
  t.same(check(map), { services: 1, lines: [] });
  const list =
    'services: { shop: { image: x, labels: ["fairlead.host=a.org", fairlead.health.path=/x?a=b] } }';
  t.same(check(list), { services: 1, lines: [] });
});

t.test('services without labels of ours do not count', async (t) => {
  const text = `services:
  db: { image: x }
  cache: { image: x, labels: { traefik.enable: "true" } }
  old: { image: x, labels: { fairlead.enable: "false", fairlead.hots: a.org } }
  odd:
`;
  t.same(check(text), { services: 0, lines: [] });
});

t.test('a problem names the line of its label', async (t) => {
  const text = `services:
  shop:
    image: x
    labels:
      fairlead.host: a.org
      fairlead.prot: 80
  blog:
    image: x
    labels:
      - "fairlead.host=b.org"
      - "fairlead.port=http"
      - "farlead.path=/x"
`;
  t.same(check(text), {
    services: 2,
    lines: [
      'error line 6: fairlead.prot is not a known key',
      'notice line 12: farlead.path is not ours',
      'error line 11: fairlead.port wants a whole number from 1 to 65535, not "http"',
    ],
  });
});

t.test('labels that say no route are told what is missing, as the container would be', async (t) => {
  const shop = (labels: string) => check(`services:\n  shop: { image: x, labels: { ${labels} } }`).lines;
  t.same(shop('fairlead.enable: "true"'), [
    'error line 2: fairlead.enable nothing says which requests the container wants',
  ]);
  t.match(shop('fairlead.port: 80'), [/^error line 2: fairlead.host nothing says/]);
  t.match(shop('fairlead.path: /x'), [/^error line 2: fairlead.path needs a host/]);
  t.match(shop('fairlead.host: a.org, fairlead.services.api.port: 80'), [/services.api.host nothing says/]);
  t.same(shop('fairlead.service: shop'), []);
});

t.test('labels that come by an alias or a merge are seen', async (t) => {
  const text = `x-labels: &labels
  fairlead.host: a.org
x-service: &service
  image: x
  labels:
    fairlead.prot: 80
services:
  one: { image: x, labels: *labels }
  two: { image: x, labels: { <<: *labels, fairlead.port: 0 } }
  three: { <<: *service }
`;
  const { services, lines } = check(text);
  t.equal(services, 3);
  t.match(lines, [
    /^error line 9: fairlead.port wants a whole number/,
    /^error line 6: fairlead.prot is not a known key/,
    /^error line 10: fairlead.host nothing says/,
  ]);
  t.equal(lines.length, 3);
});

t.test('labels under deploy are a notice: they are not the container’s', async (t) => {
  const text = 'services:\n  shop: { image: x, deploy: { labels: ["fairlead.host=a.org"] } }\n';
  t.same(check(text), {
    services: 0,
    lines: ['notice line 2: labels under deploy: belong to the Swarm service, not to its containers'],
  });
  t.same(check('services: { shop: { image: x, deploy: { labels: { a: b } } } }').lines, []);
});

t.test('broken YAML is a problem with its line', async (t) => {
  const broken = 'services:\n  shop: { image: x, labels: { fairlead.hots: x }\n';
  t.match(check(broken), { services: 0, lines: [/^error line 3: /] });
  t.equal(check(broken).lines.length, 1, 'and the only one');
  t.notOk(isComposeFile(broken));
  t.match(check('services: { shop: { image: x, labels: *l } }').lines, [
    'error line 1: there is no anchor &l',
  ]);
});

t.test('variables are filled in, in labels of a map and of a list', async (t) => {
  const text = 'services: { a: { image: x, labels: { fairlead.host: "${HOST:-}" } } }';
  t.match(check(text).lines, [/fairlead.host wants at least one host/]);
  t.same(check(text, { HOST: 'a.org' }).lines, []);
  const list = 'services: { a: { image: x, labels: ["fairlead.host=${NAME}.org"] } }';
  t.same(check(list, { NAME: 'shop' }).lines, []);
  t.equal(check(list).lines.length, 1);
});

t.test('every form of a variable is filled in as compose does it', async (t) => {
  const env = { SET: 'x', EMPTY: '' };
  for (const [text, expected] of [
    ['$SET-${SET}', 'x-x'],
    ['$$SET $${SET}', '$SET ${SET}'],
    ['${NONE}', ''],
    ['${SET:-d} ${EMPTY:-d} ${NONE:-d}', 'x d d'],
    ['${SET-d} ${EMPTY-d} ${NONE-d}', 'x  d'],
    ['${SET:+d} ${EMPTY:+d} ${NONE:+d}', 'd  '],
    ['${SET+d} ${EMPTY+d} ${NONE+d}', 'd d '],
    ['${SET:?must} ${SET?must}', 'x x'],
    ['${NONE:-a.${SET}.org}', 'a.x.org'],
    ['${NONE:-${EMPTY:-d}}', 'd'],
    ['Host(`${SET}`) costs 5$ or $1', 'Host(`x`) costs 5$ or $1'],
  ] as const) {
    t.equal(interpolate(text, env), expected, text);
  }
});

t.test('a fallback to an address that is not public is a notice: the options may allow it', async (t) => {
  const labels = 'fairlead.host: a.org, fairlead.fallback: "url:http://10.0.0.1/, url:https://example.org/"';
  const { services, lines } = check(`services: { shop: { image: x, labels: { ${labels} } } }`);
  t.equal(services, 1);
  t.match(lines, [/^notice .*fallback.* 10\.0\.0\.1:80 is not a public address/]);
  t.equal(lines.length, 1);
});
