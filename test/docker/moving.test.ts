// The move of docs/recipes/moving.md, under traffic.
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { ask } from '../support/client.ts';
import { docker, runContainer, testImage } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startApp } from '../support/fairlead.ts';
import { freePort } from '../support/free-port.ts';

const execute = promisify(execFile);

const image = await testImage(t);
const hasHaproxy = await execute('haproxy', ['-v']).then(
  () => true,
  () => process.env['CI'] === 'true',
);
if (!hasHaproxy) t.comment('skipped: haproxy is not installed');
else if (image !== undefined) {
  t.test('a host moves from HAProxy to Fairlead and back, and no request fails', async (t) => {
    const name = await runContainer(t, image, { labels: { 'fairlead.host': 'moving.localhost' } });
    const address = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', name);
    const fairlead = await startApp(t, '--trusted-proxies', '127.0.0.1');
    await eventually(
      'Fairlead serves it',
      async () => (await fairlead.ask({ host: 'moving.localhost' })).status === 200,
    );
    const old = await startHaproxy(t, `${address}:8080`);
    const load = sendUntilStopped(old.port);
    await load.answered(20);
    t.notOk((await old.headers())['via'], 'nobody but HAProxy is in between');

    await old.reload(fairlead.origin.slice('http://'.length));
    const moved = await eventually('Fairlead has the host', async () => {
      const headers = await old.headers();
      return headers['via'] !== undefined && headers;
    });
    t.equal(moved['x-forwarded-for'], '127.0.0.1, 127.0.0.1', 'the client, and the proxy before it');
    t.equal(moved['x-real-ip'], '127.0.0.1');
    await load.answered(20);

    await old.reload(`${address}:8080`);
    await eventually('it is back', async () => (await old.headers())['via'] === undefined);
    await load.answered(20);
    t.same(await load.stop(), []);
  });
}

interface OldProxy {
  readonly port: number;
  /** What the application is told. */
  headers(): Promise<Record<string, string | undefined>>;
  /** Sends all traffic there from now on. */
  reload(server: string): Promise<void>;
}

async function startHaproxy(t: Test, server: string): Promise<OldProxy> {
  const port = await freePort();
  const file = join(t.testdir({}), 'haproxy.cfg');
  const configure = (to: string) =>
    writeFile(
      file,
      `defaults\n mode http\n timeout connect 2s\n timeout client 60s\n timeout server 60s\n option forwardfor\n` +
        `frontend web\n bind 127.0.0.1:${port}\n use_backend one if { hdr(host) -i moving.localhost }\n` +
        `backend one\n server one ${to}\n`,
    );
  await configure(server);
  const child = spawn('haproxy', ['-W', '-db', '-f', file], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGTERM'));
  const send = (path: string) => ask(port, { host: 'moving.localhost', path });
  await eventually('HAProxy serves it', async () => (await send('/')).status === 200);
  return {
    port,
    headers: async () => JSON.parse((await send('/headers')).body),
    async reload(to) {
      await configure(to);
      child.kill('SIGUSR2');
    },
  };
}

/** Requests on connections of their own, one after the other, four at a time. */
function sendUntilStopped(port: number) {
  let stopped = false;
  let answers = 0;
  const failures: string[] = [];
  const loop = async () => {
    while (!stopped) {
      await ask(port, { host: 'moving.localhost' }).then(
        ({ status }) => {
          answers++;
          if (status !== 200) failures.push(String(status));
        },
        (error: Error) => failures.push(error.message),
      );
    }
  };
  const loops = [loop(), loop(), loop(), loop()];
  return {
    async answered(more: number): Promise<void> {
      const goal = answers + more;
      await eventually(`${more} more answers`, () => answers + failures.length >= goal);
    },
    async stop(): Promise<readonly string[]> {
      stopped = true;
      await Promise.all(loops);
      return failures;
    },
  };
}
