// What a person is told of containers that are set up wrong.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { RunningCli } from '../support/cli.ts';
import { docker, runContainer, testImage, uniqueName } from '../support/docker.ts';
import { startEngineServer } from '../support/engine-server.ts';
import { eventually } from '../support/eventually.ts';
import { startApp, type TestFairlead } from '../support/fairlead.ts';

const ENGINE = 'unix:///var/run/docker.sock';

/** What is told of a subject, a line each, once that fits. */
function told(fairlead: TestFairlead, subject: string, pattern: RegExp): Promise<string> {
  return eventually(`${pattern} is told`, async () => {
    const { problems } = await fairlead.state();
    const lines = problems.filter((problem) => problem.subject === subject);
    return lines.map(({ message, hint }) => `${message} (${hint})`).find((line) => pattern.test(line));
  });
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
    const args = [
      '--http',
      '127.0.0.1:0',
      '--admin',
      'off',
      '--docker',
      ENGINE,
      '--log-format',
      'json',
      '--start-timeout',
      '1s',
    ];
    const cli = new RunningCli(['serve', ...args], { uid: 65_534 });
    t.teardown(() => cli.child.kill('SIGKILL'));
    const [line] = await cli.until(/^.*no permission for .*$/m);
    t.match(line, /"level":(?:40|"warn")/);
    t.match(line, /the user 65534 must be in its group \(docker run --group-add/);
    await cli.until(/listens on/);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    t.equal(cli.stderr.match(/docker: no permission for/g)?.length, 1, 'once, not at each try');
  });

  t.test('an Engine behind what refuses a question is a problem that says which', async (t) => {
    const server = await startEngineServer(t, 'tcp', { status: 403 });
    const fairlead = await startApp(t, '--docker', server.endpoint, '--start-timeout', '100ms');
    const text = await told(fairlead, 'docker', /answers 403/);
    t.match(
      text,
      /answers 403 to \/containers\/json: what stands before the Engine must let GET of \/version/,
    );
  });

  t.test(
    'two Fairleads with filters see each only its own containers, and no problem of the others',
    async (t) => {
      const host = `${uniqueName('h')}.localhost`;
      const stage = (name: string, labels = {}) =>
        runContainer(t, image, { labels: { 'fairlead.host': host, 'told.stage': name, ...labels } });
      const [one, two] = await Promise.all([stage('one'), stage('two', { 'fairlead.hots': 'x' })]);
      const [first, second] = await Promise.all(
        ['label=told.stage=one', 'label=told.stage,label!=told.stage=one'].map((filter) =>
          startApp(t, '--docker', ENGINE, '--docker-filter', filter),
        ),
      );
      const serves = async (fairlead: TestFairlead | undefined) =>
        (await fairlead?.state())?.services.flatMap(({ backends }) => backends.map(({ name }) => name));
      await eventually('the first has its own', async () => (await serves(first))?.length === 1);
      t.strictSame(await serves(first), [one]);
      t.notOk((await first?.state())?.problems.some(({ subject }) => subject === two));
      t.ok(
        await eventually('the second has the other', async () => (await second?.state())?.problems.length),
      );
      t.match(await first?.explain(two), /ignored: excluded by --docker-filter label=told\.stage=one/);
      t.match(await second?.explain(one), /ignored: excluded by --docker-filter label!=told\.stage=one/);
    },
  );

  t.test('labels of another proxy are one notice, and explain says where to read on', async (t) => {
    const rule = { 'traefik.http.routers.blog.rule': 'Host(`blog.localhost`)' };
    const name = await runContainer(t, image, { labels: rule });
    const fairlead = await startApp(t, '--docker', ENGINE);
    const text = await told(fairlead, 'docker', /labels of Traefik and none of Fairlead/);
    t.match(text, /docs\/recipes\/moving\.md/);
    t.match(
      await fairlead.explain(name),
      /ignored: it has no fairlead label, but one of Traefik \(traefik\.http\.routers\.blog\.rule\)/,
    );
  });

  t.test(
    "an Engine behind a container of this host is this host's, and needs no published port",
    async (t) => {
      const relay =
        "require('net').createServer(s=>{const e=require('net').connect('/var/run/docker.sock');s.pipe(e).pipe(s);e.on('error',()=>s.destroy());s.on('error',()=>e.destroy())}).listen(2375)";
      const filter = uniqueName('told');
      t.teardown(() => docker('rm', '-f', filter));
      const socket = ['-v', '/var/run/docker.sock:/var/run/docker.sock', '--entrypoint', '/usr/bin/node'];
      await docker('run', '-d', '--name', filter, ...socket, image, '-e', relay);
      const address = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', filter);
      const host = `${uniqueName('h')}.localhost`;
      const name = await runContainer(t, image, { labels: { 'fairlead.host': host } });
      const fairlead = await startApp(t, '--docker', `tcp://${address}:2375`);
      t.ok(await eventually('it is routed', async () => (await fairlead.ask({ host })).body === name));
    },
  );

  t.test('a page and a service that are not there are told, until they are', async (t) => {
    const pages = t.testdir({});
    const host = `${uniqueName('h')}.localhost`;
    const name = await runContainer(t, image, {
      labels: { 'fairlead.host': host, 'fairlead.fallback': 'service:told-spare, page:sorry.html' },
    });
    const fairlead = await startApp(t, '--docker', ENGINE, '--pages', pages);
    t.match(await told(fairlead, name, /no page/), `there is no page sorry.html in ${pages} (see --pages)`);
    t.match(
      await told(fairlead, name, /falls back/),
      'falls back to service told-spare, which does not exist now',
    );
    await writeFile(join(pages, 'sorry.html'), 'sorry');
    await runContainer(t, image, { labels: { 'fairlead.service': 'told-spare' } });
    const isSolved = async () => !(await fairlead.state()).problems.some(({ subject }) => subject === name);
    await eventually('both are solved', isSolved);
    t.notMatch(await fairlead.explain(name), 'notice');
  });
}
