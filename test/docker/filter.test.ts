// The filter of config/compose.yaml: a real HAProxy between Fairlead and the machine's Engine.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { docker, runContainer, testImage } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startApp } from '../support/fairlead.ts';

const CONFIG = fileURLToPath(new URL('../../config/docker-filter.cfg', import.meta.url));
const HAPROXY = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'].find((path) => existsSync(path));
const ENGINE = '/var/run/docker.sock';

/** What each of the questions answers with; the first ones are Fairlead's. */
const QUESTIONS = [
  '/version',
  '/v1.41/version',
  '/v1.41/networks',
  '/v1.41/containers/json',
  '/v1.41/containers/json?all=true&filters=%7B%22id%22%3A%5B%22..%22%5D%7D',
  '/v1.41/events?since=1&until=1',
];

/** HAProxy with the filter, but for its addresses; answers the socket that it listens on. */
async function startFilter(t: Test, program: string, engine = ENGINE): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-filter-'));
  const socket = join(folder, 'filter.sock');
  const text = await readFile(CONFIG, 'utf8');
  const moved = text.replace('bind :2375', `bind unix@${socket}`).replace(`unix@${ENGINE}`, `unix@${engine}`);
  await writeFile(join(folder, 'haproxy.cfg'), moved);
  const child = spawn(program, ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  await eventually('it listens', () => accepts(socket));
  return socket;
}

/** Whether somebody takes connections there: the socket lies there a moment before. */
function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** The status of an answer, by a client that follows HTTP. */
function ask(socketPath: string, path: string, method = 'GET', headers = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject).end();
  });
}

/** The status of the answer to these bytes. */
function tell(socketPath: string, bytes: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath, () => socket.write(bytes, 'latin1'));
    socket.on('error', reject).on('data', (chunk) => {
      text += chunk.toString('latin1');
      const status = /^HTTP\/1\.\d (\d{3})/.exec(text)?.[1];
      if (status !== undefined) socket.destroy();
      if (status !== undefined) resolve(Number(status));
    });
    socket.on('close', () => resolve(Number.NaN));
  });
}

const image = await testImage(t);
if (HAPROXY === undefined && process.env['CI'] === 'true') t.fail('haproxy is not installed');
else if (HAPROXY === undefined) t.pass('the filter', { skip: 'haproxy is not installed' });
else if (image !== undefined) {
  const program = HAPROXY;

  t.test('Fairlead discovers through the filter, and hears of a stop', async (t) => {
    const socket = await startFilter(t, program);
    const fairlead = await startApp(t, '--docker', `unix://${socket}`);
    const name = await runContainer(t, image, { labels: { 'fairlead.host': 'filter.localhost' } });
    const answers = async () => (await fairlead.ask({ host: 'filter.localhost' })).status === 200;
    await eventually('it is routed', answers);
    await docker('kill', '-s', 'TERM', name);
    await eventually('it is draining or gone', async () =>
      (await fairlead.state()).services.every(({ backends }) =>
        backends.every((backend) => backend.name !== name || backend.health.flags.includes('Draining')),
      ),
    );
  });

  t.test('each question that the filter lets through is answered by the Engine', async (t) => {
    const socket = await startFilter(t, program);
    for (const path of QUESTIONS) t.equal(await ask(socket, path), 200, path);
  });

  t.test('nothing else comes through the filter', async (t) => {
    const socket = await startFilter(t, program);
    const id = (await docker('inspect', '-f', '{{.Id}}', await runContainer(t, image))).trim();
    const below = [
      'json',
      'logs?stdout=1',
      'archive?path=/',
      'export',
      'top',
      'stats',
      'changes',
      'attach/ws',
    ];
    const others = [
      '/info',
      '/images/json',
      '/volumes',
      '/secrets',
      '/configs',
      '/services',
      '/tasks',
      '/swarm',
    ];
    const more = [
      '/plugins',
      '/system/df',
      '/_ping',
      '/',
      '',
      '/nodes',
      '/auth',
      '/networks/bridge',
      '/exec/1/json',
    ];
    const tricks = [
      '//version',
      '/version/',
      '/./version',
      '/v1.41/../version',
      '/v1.41/x/../containers/json',
      '/%76ersion',
      '/containers%2fjson',
      `/containers/json/../${id}/logs`,
      `/containers/json%2f..%2f${id}/json`,
      '/containers/json%3f',
      '/containers/json;x',
      '/v1.41/v1.41/version',
      '/v2.0/version',
      '/v1.41.1/version',
      '/v1/version',
      '/VERSION',
      'http://docker/version',
      `http://docker/containers/${id}/json`,
      '*',
    ];
    const paths = [...others, ...more, ...tricks, ...below.map((what) => `/containers/${id}/${what}`)];
    for (const path of [...paths, ...paths.map((one) => `/v1.41${one}`)])
      t.equal(await tell(socket, `GET ${path || '/'} HTTP/1.1\r\nHost: docker\r\n\r\n`), 403, path);
    t.not(await tell(socket, 'GET /version#x HTTP/1.1\r\nHost: docker\r\n\r\n'), 200, 'a fragment');
  });

  t.test('no other method, body or protocol comes through the filter', async (t) => {
    const socket = await startFilter(t, program);
    for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'get', 'BREW'])
      for (const path of ['/version', '/containers/json', '/v1.41/containers/create'])
        t.equal(
          await tell(socket, `${method} ${path} HTTP/1.1\r\nHost: docker\r\n\r\n`),
          403,
          `${method} ${path}`,
        );
    for (const field of [
      'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
      'Content-Length: 5\r\n\r\nhello',
      'Connection: Upgrade\r\nUpgrade: tcp\r\n',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n',
    ])
      t.equal(await tell(socket, `GET /version HTTP/1.1\r\nHost: docker\r\n${field}\r\n`), 403, field);
    t.equal(await tell(socket, 'CONNECT docker:80 HTTP/1.1\r\nHost: docker:80\r\n\r\n'), 403, 'CONNECT');
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00';
    t.not(await tell(socket, preface), 200, 'HTTP/2 with prior knowledge');
  });

  t.test('without the Engine the filter says so, and Fairlead that it is lost', async (t) => {
    const socket = await startFilter(t, program, '/nonexistent.sock');
    t.equal(await ask(socket, '/version'), 503);
  });
}
