import t from 'tap';
import { startBackend } from '../support/backend.ts';
import { RunningCli, runCli } from '../support/cli.ts';

const NO_DOCKER = ['serve', '--docker', 'off', '--admin', 'off'];

t.test('an address that is taken is a sentence for people, and exit code 1', async (t) => {
  const { port } = await startBackend(t, 'taken');
  const { code, stderr } = await runCli([...NO_DOCKER, '--http', `127.0.0.1:${port}`]);
  t.equal(code, 1);
  t.match(stderr, new RegExp(`^error: cannot listen on 127\\.0\\.0\\.1:${port}\\b.*$`, 'm'));
  t.notMatch(stderr, /\n {4}at /, 'no stack');
});

t.test('an admin address that is taken ends it as well', async (t) => {
  const { port } = await startBackend(t, 'taken');
  const { code, stderr } = await runCli([
    'serve',
    '--docker=off',
    '--http=127.0.0.1:0',
    `--admin=127.0.0.1:${port}`,
  ]);
  t.equal(code, 1);
  t.match(
    stderr,
    new RegExp(
      `error: cannot listen on 127\\.0\\.0\\.1:${port} \\(admin\\): another process listens there: .*\\(--admin ADDRESS takes another\\)`,
    ),
  );
});

t.test('a mistake in the services of the file ends it before it starts, with the line', async (t) => {
  const cwd = t.testdir({ 'fairlead.yaml': 'services:\n  shop:\n    host: a\n    hots: b\n' });
  const { code, stderr } = await runCli([...NO_DOCKER, '--http=127.0.0.1:0', '--config', 'fairlead.yaml'], {
    cwd,
  });
  t.equal(code, 2);
  t.match(
    stderr,
    'error: fairlead.yaml:4: services.shop.hots is not a known key (did you mean services.shop.host?)',
  );
  t.notMatch(stderr, 'listens on');
});

t.test('services that are no map end it before it starts as well', async (t) => {
  const cwd = t.testdir({ 'fairlead.yaml': 'services: [shop]\n' });
  const { code, stderr } = await runCli([...NO_DOCKER, '--http=127.0.0.1:0', '--config=fairlead.yaml'], {
    cwd,
  });
  t.equal(code, 2);
  t.match(stderr, 'error: fairlead.yaml:1: services must be a map of names');
});

t.test('mistakes in options and services are told together', async (t) => {
  const cwd = t.testdir({ 'fairlead.yaml': 'htp: 1\nservices:\n  shop:\n    hots: b\n' });
  const { code, stderr } = await runCli([...NO_DOCKER, '--http=nowhere', '--config=fairlead.yaml'], { cwd });
  t.equal(code, 2);
  t.match(stderr, /^error: --http: /m);
  t.match(stderr, /^error: fairlead\.yaml:1: htp is not an option/m);
  t.match(stderr, /^error: fairlead\.yaml:4: services\.shop\.hots is not a known key/m);
});

t.test('the admin address off loopback without a token ends it before it starts', async () => {
  const { code, stderr } = await runCli(['serve', '--docker=off', '--http=127.0.0.1:0', '--admin=0.0.0.0:0']);
  t.equal(code, 2);
  t.equal(
    stderr,
    'error: admin: listens on more than loopback, which needs an admin-token (or admin-token-file)\n',
  );
});

t.test('certificates for Docker that cannot be read end it with a sentence', async (t) => {
  const cwd = t.testdir({});
  const args = ['serve', '--docker=tcp://127.0.0.1:1', '--docker-certs=certs', '--http=127.0.0.1:0'];
  const { code, stderr } = await runCli([...args, '--admin=off'], { cwd });
  t.equal(code, 1);
  t.match(stderr, /^error: .*certs/m);
  t.notMatch(stderr, /\n {4}at /, 'no stack');
});

t.test('without an admin address, a start that waits for an Engine does not end the program', async (t) => {
  const args = ['serve', '--docker=unix:///nowhere.sock', '--admin=off', '--http=127.0.0.1:0'];
  const cli = new RunningCli([...args, '--start-timeout=500ms', '--log-format=json']);
  t.teardown(() => cli.child.kill('SIGKILL'));
  await cli.until(/listens on/);
});
