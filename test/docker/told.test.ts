// What a person is told of containers that are set up wrong.
import t from 'tap';
import { runContainer, testImage, uniqueName } from '../support/docker.ts';
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
}
