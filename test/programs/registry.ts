import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { docker } from '../support/docker.ts';
import { startProgram, TRIAL_MS } from './support/program.ts';
import { standIn } from './support/standins.ts';

const execute = promisify(execFile);
/** Megabytes of the layer that is pushed. */
const SIZE = Number(process.env['LAYER_MB'] ?? 200);

t.setTimeout(TRIAL_MS);

t.test(
  `a layer of ${SIZE} MB is pushed to a registry and pulled from it`,
  { timeout: TRIAL_MS },
  async (t) => {
    const alias = '127.0.0.1';
    const program = await startProgram(t, {
      name: 'registry',
      images: {},
      host: 'registry.localhost',
      alias,
    });
    t.match(await program.ask('/v2/'), { status: 200, body: '{}' });
    const context = await mkdtemp(join(tmpdir(), 'recipes-'));
    await execute('dd', ['if=/dev/urandom', `of=${context}/layer`, 'bs=1M', `count=${SIZE}`]);
    // The Engine speaks HTTP to registries of loopback.
    const tag = `${alias}:${program.port}/big/layer:1`;
    t.teardown(() => docker('rmi', '-f', tag).catch(() => {}));
    const dockerfile = `FROM ${await standIn('debian')}\nCOPY layer /layer\n`;
    await execute('sh', ['-c', `printf '${dockerfile.replaceAll('\n', '\\n')}' >${context}/Dockerfile`]);
    await docker('build', '-q', '-t', tag, context);
    await rm(context, { recursive: true });
    await docker('push', '-q', tag);
    await docker('rmi', tag);
    t.equal(await docker('pull', '-q', tag), tag);
    t.comment(`largest resident set of Fairlead with its test: ${process.resourceUsage().maxRSS >> 10} MB`);
  },
);
