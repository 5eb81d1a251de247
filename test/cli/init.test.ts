import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { findings, type KINDS, plan } from '../../src/cli/init-files.ts';
import { parseListening } from '../../src/cli/listening.ts';
import { type FoundEngine, groupName, type Machine, otherProxies, socketsOf } from '../../src/cli/machine.ts';
import { parseComposeFile } from '../../src/control/discovery/file/compose.ts';
import { runCli } from '../support/cli.ts';

const execute = promisify(execFile);

const ENGINE: FoundEngine = {
  socket: '/run/user/1000/docker.sock',
  version: 'Docker 28.1.0',
  isRootless: true,
  gid: 998,
  group: 'docker',
  containers: [
    { name: 'proxy', image: 'traefik:v3', ports: [80, 443], labels: {} },
    {
      name: 'shop-web-1',
      image: 'my/shop',
      ports: [],
      labels: { 'traefik.enable': 'true', 'traefik.http.routers.a.rule': 'Host(`a`)' },
    },
  ],
  networks: ['blog_default', 'shop_default'],
};
const MACHINE: Machine = {
  engines: [ENGINE],
  taken: new Map([
    [443, 'container proxy'],
    [80, 'container proxy'],
    [9900, 'node (17)'],
  ]),
};
const EMPTY: Machine = { engines: [], taken: new Map() };

/** The text of the first file of a plan. */
function text(kind: (typeof KINDS)[number], machine: Machine): string {
  return plan(kind, machine, 'registry.example/fairlead:1').files[0]?.text ?? '';
}

t.test('what was found is said: Engine, socket, ports, other proxies, networks', async (t) => {
  t.strictSame(findings(MACHINE), [
    '/run/user/1000/docker.sock: Docker 28.1.0, rootless, 2 containers run; the socket is of group docker (998)',
    'port 80 is taken by container proxy',
    'port 443 is taken by container proxy',
    'port 9900 is taken by node (17)',
    'container proxy runs traefik:v3',
    '1 containers have labels for Traefik, which Fairlead does not read',
    'networks with containers: blog_default, shop_default',
  ]);
  t.match(findings(EMPTY), ['no Docker Engine and no Podman: no socket of either is there']);
  const { version: _, ...silent } = ENGINE;
  const refused = { ...silent, error: 'no permission: be in the group docker', containers: [], networks: [] };
  t.match(findings({ engines: [refused], taken: new Map() }), [
    /docker\.sock: does not answer: no permission/,
  ]);
});

t.test('the compose file is valid, takes free ports, and joins the networks that are there', async (t) => {
  for (const machine of [MACHINE, EMPTY]) {
    const written = text('compose', machine);
    t.same(parseComposeFile('compose.yaml', written, {}), { services: 0, problems: [] });
    const { services, networks, volumes } = parse(written);
    t.strictSame(Object.keys(services), ['fairlead', 'docker-socket'], 'and no samples');
    t.equal(services.fairlead.image, 'registry.example/fairlead:1');
    t.equal(services.fairlead.build, undefined);
    const joined = Object.keys(services.fairlead.networks);
    for (const name of joined) t.ok(Object.hasOwn(networks, name), name);
    const isBusy = machine === MACHINE;
    t.strictSame(
      services.fairlead.ports,
      isBusy ? ['8080:80', '8443:443', '127.0.0.1:9901:9900'] : ['80:80', '443:443', '127.0.0.1:9900:9900'],
    );
    t.strictSame(services.fairlead.volumes, ['data:/data']);
    t.ok(Object.hasOwn(volumes, 'data'));
    t.equal(joined.includes('shop_default'), isBusy);
    const socket = isBusy ? ENGINE.socket : '/var/run/docker.sock';
    t.equal(services['docker-socket'].volumes[0], `${socket}:/var/run/docker.sock:ro`);
  }
});

t.test('the configuration and the unit are for what was found', async (t) => {
  for (const machine of [MACHINE, EMPTY]) {
    const config = text('config', machine);
    const file = join(t.testdir({ x: config }), 'x');
    const { code, stdout, stderr } = await runCli(['check', file]);
    t.strictSame([code, stderr], [0, ''], stdout);
    const unit = text('systemd', machine);
    const docker = machine === MACHINE ? `unix://${ENGINE.socket}` : 'off';
    t.match(unit, new RegExp(`^Environment=.* FAIRLEAD_DOCKER=${docker}$`, 'm'));
    t.match(unit, machine === MACHINE ? /FAIRLEAD_HTTP=:8080/ : /FAIRLEAD_HTTP=:80 /);
    t.match(unit, machine === MACHINE ? /FAIRLEAD_HTTPS=:8443/ : /FAIRLEAD_HTTPS=:443 /);
    t.match(unit, /FAIRLEAD_DATA=%S\/fairlead /);
    t.match(unit, machine === MACHINE ? /^SupplementaryGroups=docker$/m : /^# SupplementaryGroups=docker$/m);
    t.match(unit, /^ExecStart=/m);
  }
});

t.test('docker-compose and systemd take what is written', async (t) => {
  const dir = t.testdir({});
  for (const { name, text: written } of plan('compose', MACHINE, 'fairlead').files)
    writeFileSync(join(dir, name), written);
  const env = { ...process.env, FAIRLEAD_ADMIN_TOKEN: 'a-token-of-16-or-more' };
  await whereThere(t, () =>
    execute('docker-compose', ['-f', join(dir, 'compose.yaml'), 'config', '-q'], { env }),
  );
  const unit = join(dir, 'fairlead.service');
  writeFileSync(unit, text('systemd', MACHINE).replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
  await whereThere(t, () => execute('systemd-analyze', ['verify', unit]));
});

/** Runs a program that not every machine has. */
async function whereThere(t: Test, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
    t.pass('it is taken');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    t.comment(`skipped: ${(error as Error).message}`);
  }
}

t.test('init writes, says what is next, and overwrites nothing that it was not told to', async (t) => {
  const cwd = t.testdir({});
  const env = { DOCKER_HOST: 'unix:///nowhere.sock' };
  const first = await runCli(['init', 'config'], { cwd, env });
  t.equal(first.code, 0, first.stderr);
  t.match(first.stdout, 'Written: fairlead.yaml\n\nNext\n  fairlead check fairlead.yaml\n');
  t.match(first.stderr, /^Found\n {2}\S/);
  writeFileSync(join(cwd, 'fairlead.yaml'), 'mine');
  const again = await runCli(['init', 'config'], { cwd, env });
  t.equal(again.code, 1);
  t.match(again.stderr, 'error: fairlead.yaml would be overwritten (--force does, --output names another)');
  t.equal(readFileSync(join(cwd, 'fairlead.yaml'), 'utf8'), 'mine');
  const forced = await runCli(['init', 'config', '--force'], { cwd, env });
  t.equal(forced.code, 0);
  t.match(readFileSync(join(cwd, 'fairlead.yaml'), 'utf8'), /^http: /m);
  const shown = await runCli(['init', 'systemd', '--output', '-'], { cwd, env });
  t.match(shown.stdout, /^\[Unit\]$/m);
  const nowhere = await runCli(['init', 'config', '--output', 'no/such/folder/x'], { cwd, env });
  t.equal(nowhere.code, 1);
  t.match(nowhere.stderr, 'error: no/such/folder/x cannot be written: ENOENT');
  const wrong = await runCli(['init', 'kubernetes'], { cwd, env });
  t.equal(wrong.code, 2);
  t.match(wrong.stderr, 'error: kubernetes is neither an option nor one of compose, systemd, config');
});

t.test('a port is found with the process that has it', async (t) => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1
   1: 0100007F:0050 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 12346 1
`;
  t.strictSame(parseListening(table), [{ port: 8080, inode: '12345' }], 'a connection listens nowhere');
  t.strictSame(parseListening(''), []);
});

t.test('sockets are looked for where Docker, rootless Docker and Podman have them', async (t) => {
  t.strictSame(socketsOf({ DOCKER_HOST: 'unix:///x.sock', XDG_RUNTIME_DIR: '/run/user/1000' }), [
    '/x.sock',
    '/var/run/docker.sock',
    '/run/user/1000/docker.sock',
    '/run/podman/podman.sock',
    '/run/user/1000/podman/podman.sock',
  ]);
  t.strictSame(socketsOf({ DOCKER_HOST: 'tcp://x:1' }), ['/var/run/docker.sock', '/run/podman/podman.sock']);
  t.equal(groupName('root:x:0:\ndocker:x:998:ann\n', 998), 'docker');
  t.equal(groupName('', 998), '998');
  const images = ['traefik', 'nginx:alpine', 'lucaslorentz/caddy-docker-proxy:2', 'my/caddyshack'];
  const containers = images.map((image) => ({ name: 'x', image, ports: [], labels: {} }));
  t.equal(otherProxies(containers).length, 2);
});
