import t, { type Test } from 'tap';
import { runCli } from '../support/cli.ts';

/** Checks a compose file. */
function check(t: Test, text: string, env: Record<string, string> = {}) {
  return runCli(['check', 'compose.yaml'], { cwd: t.testdir({ 'compose.yaml': text }), env });
}

t.test('labels of a compose file are OK as a map and as a list', async (t) => {
  const result = await check(
    t,
    `services:
  shop:
    image: my/shop
    labels:
      fairlead.host: shop.localhost
      fairlead.retry.attempts: 1
  api:
    build: .
    labels: [fairlead.host=api.localhost, "fairlead.health.path=/up", other=label]
  database:
    image: postgres
`,
  );
  t.strictSame(result, {
    code: 0,
    stdout: 'compose.yaml: OK, 2 services with fairlead labels\n',
    stderr: '',
  });
});

t.test('a typo in a label is named with its line and a suggestion', async (t) => {
  const { code, stdout, stderr } = await check(
    t,
    `services:
  shop:
    image: my/shop
    labels:
      fairlead.hots: shop.localhost
  api:
    image: my/api
    labels:
      - fairlead.host=api.localhost
      - fairlead.health.intervall=5s
      - fairlead.weight=many
`,
  );
  t.equal(code, 2);
  t.equal(stdout, '');
  const lines = stderr.split('\n');
  for (const expected of [
    'compose.yaml:5: error: fairlead.hots is not a known key (did you mean fairlead.host?)',
    'compose.yaml:10: error: fairlead.health.intervall is not a known key (did you mean fairlead.health.interval?)',
    'compose.yaml:11: error: fairlead.weight wants a whole number from 0 to 256, not "many"',
  ]) {
    t.ok(lines.includes(expected), `${expected} is a line of ${stderr}`);
  }
});

t.test('a service with labels of ours that wants no requests is a mistake', async (t) => {
  const { code, stderr } = await check(t, 'services:\n  a:\n    image: a\n    labels: [fairlead.port=80]\n');
  t.equal(code, 2);
  t.match(
    stderr,
    /^compose\.yaml:2: error: .*nothing says which requests .* wants \(add fairlead\.host=NAME/,
  );
});

t.test('a prefix that was surely meant to be ours is a notice, which is no mistake', async (t) => {
  const { code, stdout, stderr } = await check(
    t,
    'services:\n  a:\n    image: a\n    labels: [farlead.host=a.b]\n',
  );
  t.equal(code, 0);
  t.equal(stderr, 'compose.yaml:4: notice: farlead.host is not ours (did you mean fairlead.host?)\n');
  t.equal(stdout, 'compose.yaml: OK, 0 services with fairlead labels\n');
});

t.test('labels under deploy are a notice, since containers do not get them', async (t) => {
  const { code, stderr } = await check(
    t,
    'services:\n  a:\n    image: a\n    deploy:\n      labels: [fairlead.host=a.b]\n',
  );
  t.equal(code, 0);
  t.match(
    stderr,
    /^compose\.yaml:2: notice: labels under deploy: .*\(without Swarm put them under labels:\)$/m,
  );
});

t.test('variables in labels are those that docker compose would put there', async (t) => {
  const text = `services:\n  a:\n    image: a\n    labels: ["fairlead.host=\${NAME:-a}.localhost", "fairlead.weight=$WEIGHT"]\n`;
  t.equal((await check(t, text, { WEIGHT: '5' })).code, 0);
  const { code, stderr } = await check(t, text, { WEIGHT: '500', NAME: 'not a name' });
  t.equal(code, 2);
  t.match(stderr, 'not "not a name.localhost"');
  t.match(stderr, 'not "500"');
});

t.test('anchors and merges of a compose file are followed', async (t) => {
  const { code, stdout } = await check(
    t,
    `x-labels: &labels
  fairlead.host: shop.localhost
services:
  a: &a
    image: a
    labels: *labels
  b:
    <<: *a
    environment: { X: y }
`,
  );
  t.equal(code, 0);
  t.equal(stdout, 'compose.yaml: OK, 2 services with fairlead labels\n');
});

t.test('rules of a configuration file hold for the compose files that are checked with it', async (t) => {
  const cwd = t.testdir({
    'fairlead.yaml': 'allow:\n  - project:shop network:shop_edge host:*.shop.org key:!priority\n',
    'compose.yaml': `name: shop
services:
  web:
    image: my/web
    networks: [edge]
    labels: { fairlead.host: www.shop.org }
  bank:
    image: my/bank
    networks: { edge: {} }
    labels:
      fairlead.host: www.bank.org
      fairlead.priority: 9
  blog:
    image: my/blog
    labels: { fairlead.host: www.shop.org }
`,
  });
  const { code, stdout, stderr } = await runCli(['check', 'compose.yaml', 'fairlead.yaml'], { cwd });
  t.equal(code, 2);
  t.equal(stdout, 'fairlead.yaml: OK, 0 services\n  an edit takes effect while Fairlead runs: allow\n');
  t.strictSame(stderr.trim().split('\n'), [
    'compose.yaml:11: error: fairlead.host is refused: no allow rule lets the container have www.bank.org (one that would: project:shop network:shop_edge host:www.bank.org)',
    'compose.yaml:13: notice: no allow rule is about it: Fairlead would ignore it',
  ]);
  const alone = await runCli(['check', 'compose.yaml'], { cwd });
  t.equal(alone.code, 0);
});
