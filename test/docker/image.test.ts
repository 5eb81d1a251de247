// The same of one that runs as a container, built from the project's own Dockerfile.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { curl } from '../support/curl.ts';
import { docker, testImage, uniqueName } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import type { FairleadEngine } from '../support/fairlead.ts';
import { buildFairlead, startContainer } from '../support/fairlead-image.ts';
import { daemonClaims } from './claims/daemon.ts';
import { discoveryClaims, sharedNetworkClaims } from './claims/discovery.ts';
import { failureClaims } from './claims/failures.ts';
import { sidecarClaims } from './claims/sidecars.ts';
import { trafficClaims } from './claims/traffic.ts';

const execute = promisify(execFile);
const image = await testImage(t);
if (image !== undefined) {
  const fairlead = await buildFairlead();
  const context = { image, start: (t: Test, engine?: FairleadEngine) => startContainer(t, fairlead, engine) };
  discoveryClaims(t, context);
  sharedNetworkClaims(t, context);
  sidecarClaims(t, context);
  trafficClaims(t, context);
  failureClaims(t, context);
  daemonClaims(t, context, [image, fairlead]);

  t.test('the image runs without root, and without what builds and installs', async (t) => {
    const inspect = (format: string) => docker('image', 'inspect', '-f', format, fairlead);
    t.equal(await inspect('{{.Config.User}}'), '1000:1000');
    t.strictSame(JSON.parse(await inspect('{{json .Config.ExposedPorts}}')), { '443/tcp': {}, '80/tcp': {} });
    t.strictSame(JSON.parse(await inspect('{{json .Config.Volumes}}')), { '/data': {} });
    t.match(await inspect('{{json .Config.Healthcheck}}'), 'healthcheck');
    await t.rejects(docker('run', '--rm', '--entrypoint', 'npm', fairlead, '--version'));
    t.match(await docker('run', '--rm', fairlead, 'version'), /^fairlead \d/);
  });

  t.test('its files are at most 130 MB, and a shell is not among them', async (t) => {
    const size = Number(await docker('image', 'inspect', '-f', '{{.Size}}', fairlead));
    t.ok(size <= 130_000_000, `${size} bytes`);
    await t.rejects(docker('run', '--rm', '--entrypoint', 'sh', fairlead, '-c', ':'), /not found/);
  });

  t.test('it serves https with a root that stays in its volume, and writes nowhere else', async (t) => {
    const volume = uniqueName('data');
    t.teardown(() => docker('volume', 'rm', volume));
    const roots: string[] = [];
    for (const _ of ['first', 'again']) {
      const name = uniqueName('https');
      const rights = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
      await docker('run', '-d', '--name', name, ...rights, '-v', `${volume}:/data`, fairlead, 'demo');
      t.teardown(() => docker('rm', '-f', '-v', name));
      const root = await eventually('it has a root', () =>
        docker('exec', name, 'fairlead', 'ca').catch(() => false as const),
      );
      roots.push(root);
      const folder = t.testdir({ 'root.pem': root });
      const address = await docker(
        ...['inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name],
      );
      const trusted = ['--cacert', join(folder, 'root.pem')];
      const there = ['--connect-to', `localhost:443:${address}:443`];
      await eventually('it answers', async () =>
        /^Hello from .* 200$/s.test(await curl('https://localhost/', ...trusted, ...there)),
      );
      const changes = await docker('diff', name);
      t.equal(changes, '');
    }
    t.equal(roots[0], roots[1]);
  });

  t.test('fairlead in it finds the address and the token of the one that serves there', async (t) => {
    const name = uniqueName('exec');
    const args = ['--admin', '0.0.0.0:9000', '--docker', 'off', '--admin-token', 'a-token-of-16-or-more'];
    await docker('run', '-d', '--name', name, fairlead, ...args);
    t.teardown(() => docker('rm', '-f', '-v', name));
    const run = (...command: string[]) => docker('exec', name, 'fairlead', ...command);
    await eventually('status answers', async () => /^Fairlead \d/.test(await run('status').catch(() => '')));
    const unrouted = await run('explain', 'http://shop.test/').catch(({ stdout }) => stdout);
    t.match(unrouted, 'no route fits host shop.test');
    const other = await execute('docker', ['exec', name, 'fairlead', 'status', '--admin', '[::1]:1']).catch(
      (e) => e,
    );
    t.equal(other.stderr, 'error: no Fairlead answers at [::1]:1 (--admin ADDRESS asks another)\n');
    const { stderr } = await execute('docker', ['logs', name]);
    t.match(stderr, 'dashboard on 0.0.0.0:9000 of this container');
  });

  t.test('its health check finds it wherever the arguments put it', async (t) => {
    for (const args of [[], ['serve', '--admin', '127.0.0.1:9000'], ['--admin', 'off', '--http', ':8000']]) {
      const name = uniqueName('healthy');
      // Every second, so that nobody waits for ten.
      await docker('run', '-d', '--name', name, '--health-interval', '1s', fairlead, ...args, '--docker=off');
      t.teardown(() => docker('rm', '-f', '-v', name));
      await eventually(`healthy with "${args.join(' ')}"`, async () => {
        const health = await docker('inspect', '-f', '{{.State.Health.Status}}', name);
        return health === 'healthy';
      });
    }
  });

  t.test('several workers serve in a container, and SIGHUP to it replaces them', async (t) => {
    const name = uniqueName('workers');
    const run = [
      'run',
      '-d',
      '--name',
      name,
      '-e',
      'FAIRLEAD_WORKERS=2',
      fairlead,
      'demo',
      '--docker',
      'off',
    ];
    await docker(...run);
    t.teardown(() => docker('rm', '-f', '-v', name));
    const serving = async () => {
      const table = await docker('exec', name, 'fairlead', 'status');
      const pids = [...table.matchAll(/^worker \d \((\d+)\): serving/gm)].map(([, pid]) => pid);
      return pids.length === 2 && pids;
    };
    const before = await eventually('both serve', serving);
    await docker('kill', '-s', 'HUP', name);
    await eventually('others serve', async () => {
      const pids = await serving();
      return pids && !pids.some((pid) => before.includes(pid));
    });
    await docker('stop', name);
    t.equal(await docker('inspect', '-f', '{{.State.ExitCode}}', name), '0');
  });
}
