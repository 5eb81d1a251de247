import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { startProgram, TRIAL_MS } from './support/program.ts';

const execute = promisify(execFile);
t.setTimeout(TRIAL_MS);

t.test(
  'a package of 20 MB is published to Verdaccio and installed from it',
  { timeout: TRIAL_MS },
  async (t) => {
    const place = { host: 'npm.localhost', path: '/-/ping', alias: '127.0.0.1' };
    const flags = ['--trusted-proxies', '127.0.0.1'];
    const program = await startProgram(t, { name: 'verdaccio', images: {}, ...place, flags });
    const registry = `http://127.0.0.1:${program.port}/`;
    const folder = await mkdtemp(join(tmpdir(), 'recipes-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const user = await program.ask('/-/user/org.couchdb.user:jo', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'jo', password: 'correct horse battery' }),
    });
    const { token } = JSON.parse(user.body);
    await writeFile(
      join(folder, '.npmrc'),
      `registry=${registry}\n//127.0.0.1:${program.port}/:_authToken=${token}\n`,
    );
    await writeFile(join(folder, 'package.json'), '{"name":"fairlead-trial","version":"1.0.0"}');
    await writeFile(join(folder, 'big.bin'), randomBytes(20 * 2 ** 20));
    const npm = (...args: string[]) =>
      execute('npm', args, {
        cwd: folder,
        env: { ...process.env, npm_config_userconfig: join(folder, '.npmrc') },
      });
    await npm('publish');
    const about = await program.ask('/fairlead-trial');
    t.match(JSON.parse(about.body).versions['1.0.0'].dist.tarball, new RegExp(`^${program.url}/`));
    const secure = await program.ask('/fairlead-trial', { headers: { 'x-forwarded-proto': 'https' } });
    t.match(JSON.parse(secure.body).versions['1.0.0'].dist.tarball, /^https:\/\/npm\.localhost/);
    await npm('install', '--prefix', join(folder, 'app'), 'fairlead-trial');
    const { stdout } = await execute('cmp', [
      join(folder, 'big.bin'),
      join(folder, 'app/node_modules/fairlead-trial/big.bin'),
    ]);
    t.equal(stdout, '');
  },
);
