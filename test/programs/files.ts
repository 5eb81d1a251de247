import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { startProgram, TRIAL_MS } from './support/program.ts';

const execute = promisify(execFile);

t.setTimeout(TRIAL_MS);

t.test('Apache takes git pushes of 60 MB and WebDAV', { timeout: TRIAL_MS }, async (t) => {
  const images = { files: 'files' };
  const program = await startProgram(t, {
    name: 'files',
    images,
    host: 'files.localhost',
    path: '/git/demo.git/HEAD',
  });
  const folder = await mkdtemp(join(tmpdir(), 'recipes-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const git = (...args: string[]) => execute('git', ['-C', folder, ...args]);

  await t.test('a push of 60 MB and a clone of it', async (t) => {
    await git('init', '-q', '-b', 'main');
    await execute('dd', ['if=/dev/urandom', `of=${folder}/blob`, 'bs=1M', 'count=60']);
    await git('add', '.');
    await git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '-qm', 'one');
    // What is above http.postBuffer (1 MB) goes as chunks; curl asks first, by Expect: 100-continue or a probe.
    await git('push', '-q', `${program.url}/git/demo.git`, 'main');
    await git('clone', '-q', '-b', 'main', `${program.url}/git/demo.git`, `${folder}/again`);
    await execute('cmp', [`${folder}/blob`, `${folder}/again/blob`]);
    t.pass();
  });

  await t.test('the methods of WebDAV', async (t) => {
    const dav = (method: string, path: string, headers: Record<string, string> = {}, body = '') =>
      program.ask(path, { method, headers, ...(body !== '' && { body }) });
    t.match(await dav('MKCOL', '/dav/a'), { status: 201 });
    t.match(await dav('PUT', '/dav/a/one.txt', {}, 'one'), { status: 201 });
    t.match(await dav('PROPFIND', '/dav/a/', { depth: '1' }), { status: 207, body: /one\.txt/ });
    const lock = await dav(
      'LOCK',
      '/dav/a/one.txt',
      { timeout: 'Second-60' },
      '<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>',
    );
    t.match(lock, { status: 200, headers: { 'lock-token': /opaquelocktoken/ } });
    t.match(await dav('PUT', '/dav/a/one.txt', {}, 'two'), { status: 423 });
    const token = String(lock.headers['lock-token']);
    t.match(await dav('UNLOCK', '/dav/a/one.txt', { 'lock-token': token }), { status: 204 });
    const to = (scheme: string, name: string) => ({
      destination: `${scheme}://files.localhost:${program.port}/dav/a/${name}`,
    });
    t.match(await dav('MOVE', '/dav/a/one.txt', to('http', 'two.txt')), { status: 201 });
    t.match(await dav('COPY', '/dav/a/two.txt', to('https', 'three.txt')), { status: 201 }, 'behind TLS');
    t.match(await dav('GET', '/dav/a/three.txt'), { status: 200, body: 'one' });
  });

  await t.test('an upload that asks first is told to go on', async (t) => {
    const args = [
      '-s',
      '-v',
      '-T',
      `${folder}/blob`,
      '-H',
      'Expect: 100-continue',
      `${program.url}/dav/blob`,
    ];
    const { stderr } = await execute('curl', args);
    t.match(stderr, /< HTTP\/1.1 100 Continue[\s\S]*< HTTP\/1.1 201/);
  });
});
