import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCli } from '../support/cli.ts';

const GOOD = `http: 127.0.0.1:8080
admin: 127.0.0.1:9900
docker: false
workers: 1
access-log: off
services:
  shop:
    host: "*"
    health: { path: /healthz, interval: 1s }
    backends: [http://10.0.0.5:8080, { url: http://10.0.0.6:8080, weight: 3, backup: true }]
`;

/** Checks the files of a folder that has these. */
function check(t: Test, files: Record<string, string>, names = Object.keys(files), env = {}) {
  return runCli(['check', ...names], { cwd: t.testdir(files), env });
}

t.test('the documented configuration is OK', async (t) => {
  const result = await check(t, { 'fairlead.yaml': GOOD });
  const stdout = `fairlead.yaml: OK, 1 service
  an edit takes effect while Fairlead runs: access-log
  an edit takes effect at the next start: http, admin, docker, workers
`;
  t.strictSame(result, { code: 0, stdout, stderr: '' });
});

t.test('every mistake of a configuration is printed with its line, and the exit code is 2', async (t) => {
  const { code, stdout, stderr } = await check(t, {
    'fairlead.yaml': `http: nowhere
acess-log: json
docker: off
services:
  shop:
    hots: shop.localhost
    retry:
      attempts: 99
    backends:
      - https://10.0.0.5
      - { url: http://10.0.0.6, wieght: 3 }
`,
  });
  t.equal(code, 2);
  t.equal(stdout, '');
  t.strictSame(stderr.trimEnd().split('\n').sort(), [
    'fairlead.yaml:10: error: url https is not supported yet, only http',
    'fairlead.yaml:11: error: wieght is not a key of a backend: url, weight, backup, max-connections',
    'fairlead.yaml:1: error: http wants an address such as :8080, 127.0.0.1:8080 or [::1]:8080, not "nowhere"',
    'fairlead.yaml:2: error: acess-log is not an option; did you mean access-log?',
    'fairlead.yaml:6: error: services.shop.hots is not a known key (did you mean services.shop.host?)',
    'fairlead.yaml:8: error: services.shop.retry.attempts wants a whole number from 0 to 10, not "99"',
  ]);
});

t.test('broken YAML is reported once, with its line', async (t) => {
  const { code, stderr } = await check(t, { 'fairlead.yaml': 'docker: off\nservices: { shop: [ }\n' });
  t.equal(code, 2);
  const lines = stderr.trimEnd().split('\n');
  t.equal(new Set(lines).size, lines.length, 'no line twice');
  for (const line of lines) t.match(line, /^fairlead\.yaml:[23]: error: /);
});

t.test('what is broken for the options and for the services is one mistake', async (t) => {
  const { code, stderr } = await check(t, { 'fairlead.yaml': 'docker: off\ndocker: off\nservices: {}\n' });
  t.equal(code, 2);
  t.match(stderr, /^fairlead\.yaml:2: error: .*unique.*\n$/);
});

t.test('one mistake in the options and one in the services are two', async (t) => {
  const { code, stderr } = await check(t, { 'fairlead.yaml': 'htpp: 1\nservices: { shop: { hots: a } }\n' });
  t.equal(code, 2);
  t.equal(stderr.trimEnd().split('\n').length, 2, stderr);
});

t.test('a file that cannot be read is a mistake', async (t) => {
  const { code, stderr } = await check(t, {}, ['gone.yaml']);
  t.equal(code, 2);
  t.equal(stderr, 'gone.yaml: error: cannot be read: no such file\n');
});

t.test('what is no text file is one mistake with its cause, however large it is', async (t) => {
  const folder = t.testdir({
    folder: {},
    empty: '',
    large: '',
    binary: Buffer.from([1, 0, 2]) as unknown as string,
  });
  truncateSync(join(folder, 'large'), 100 * 1_048_576);
  const { code, stdout, stderr } = await runCli(['check', 'folder', 'empty', 'large', 'binary'], {
    cwd: folder,
  });
  t.equal(code, 2);
  t.equal(stdout, 'empty: OK, 0 services\n');
  t.equal(
    stderr,
    'folder: error: cannot be read: it is a folder\n' +
      'large: error: cannot be read: it is larger than 4 MB\n' +
      'binary: error: cannot be read: it is no text\n',
  );
});

t.test('all files are checked, also behind a bad one', async (t) => {
  const files = { 'bad.yaml': 'htpp: 1\n', 'good.yaml': GOOD };
  const { code, stdout, stderr } = await check(t, files);
  t.equal(code, 2);
  t.match(stderr, /^bad\.yaml:1: error: htpp is not an option; did you mean http\?$/m);
  t.match(stdout, /^good\.yaml: OK, 1 service\n/);
});

t.test('check without a file, or with an option, says how it is used', async (t) => {
  const [none, option] = await Promise.all([runCli(['check']), runCli(['check', '--http', ':1'])]);
  t.match(none, { code: 2, stderr: /^error: check needs files: fairlead check / });
  t.match(option, { code: 2, stderr: 'error: check knows no option --http\n' });
});

t.test('variables of this shell are no part of the files', async (t) => {
  const env = { FAIRLEAD_HTTP: 'nonsense', FAIRLEAD_NONSENSE: '1' };
  const { code, stderr } = await check(t, { 'fairlead.yaml': GOOD }, undefined, env);
  t.strictSame([code, stderr], [0, '']);
});
