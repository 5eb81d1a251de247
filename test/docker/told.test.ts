// What a person is told of containers that are set up wrong.
import t from 'tap';
import { RunningCli } from '../support/cli.ts';
import { runContainer, testImage, uniqueName } from '../support/docker.ts';
import { startEngineServer } from '../support/engine-server.ts';
import { eventually } from '../support/eventually.ts';
import { startApp, type TestFairlead } from '../support/fairlead.ts';

const ENGINE = 'unix:///var/run/docker.sock';
/** Longer than a backend is given to pass its first check. */
const PATIENT_MS = 30_000;

/** What is told of a subject, a line each, once that fits. */
function told(
  fairlead: TestFairlead,
  subject: string,
  pattern: RegExp,
  timeoutMs = PATIENT_MS,
): Promise<string> {
  return eventually(
    `${pattern} is told`,
    async () => {
      const { problems } = await fairlead.state();
      const lines = problems.filter((problem) => problem.subject === subject);
      return lines.map(({ message, hint }) => `${message} (${hint})`).find((line) => pattern.test(line));
    },
    timeoutMs,
  );
}

const image = await testImage(t);
if (image !== undefined) {
  t.test(
    'a wrong port, a wrong status and a port that nobody listens on are told with their cures',
    async (t) => {
      const fairlead = await startApp(t, '--docker', ENGINE);
      const start = (labels: Record<string, string>, env = {}) =>
        runContainer(t, image, {
          name: uniqueName('told'),
          labels: { 'fairlead.host': `${uniqueName('h')}.localhost`, ...labels },
          env,
        });
      const [port, status, silent, good] = await Promise.all([
        start({ 'fairlead.port': '81' }),
        start({ 'fairlead.health.path': '/healthz', 'fairlead.health.status': '204' }),
        start({}, { PORT: '8081' }),
        start({}),
      ]);
      t.match(
        await told(fairlead, port, /has not passed a check yet/),
        /172\..*:81: connection refused \(the container exposes 8080, fairlead\.port says 81\)$/,
      );
      t.match(
        await told(fairlead, status, /has not passed a check yet/),
        /GET \/healthz at 172\..*:8080: HTTP 200 \(fairlead\.health\.path says what is asked, fairlead\.health\.status what passes \(204\)/,
      );
      t.match(
        await told(fairlead, silent, /has not passed a check yet/),
        /:8080: connection refused \(does it listen on port 8080, and on all addresses rather than on 127\.0\.0\.1/,
      );
      t.match(await fairlead.explain(port), /error: .*the container exposes 8080, fairlead\.port says 81/);
      t.notOk((await fairlead.state()).problems.some(({ subject }) => subject === good));
    },
  );

  const skip = process.getuid?.() !== 0 && 'only root becomes another user';
  t.test('a user without rights on the socket is told so once, with the cure', { skip }, async (t) => {
    const args = ['--http', '127.0.0.1:0', '--admin', 'off', '--docker', ENGINE, '--log-format', 'json'];
    const cli = new RunningCli(['serve', ...args], { uid: 65_534 });
    t.teardown(() => cli.child.kill('SIGKILL'));
    const [line] = await cli.until(/^.*no permission for .*$/m);
    t.match(line, /"level":(?:40|"warn")/);
    t.match(line, /the user 65534 must be in its group \(docker run --group-add/);
    await cli.until(/listens on/);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    t.equal(cli.stderr.match(/no permission for/g)?.length, 1, 'once, not at each try');
  });

  t.test('an Engine behind what refuses a question is a problem that says which', async (t) => {
    const server = await startEngineServer(t, 'tcp', { status: 403 });
    const fairlead = await startApp(t, '--docker', server.endpoint);
    const text = await told(fairlead, 'docker', /answers 403/);
    t.match(
      text,
      /answers 403 to \/containers\/json: what stands before the Engine must let GET of \/version/,
    );
  });
}
