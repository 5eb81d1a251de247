import t from 'tap';
import { startTestAdmin } from '../support/admin.ts';
import { deadPort, startBackend } from '../support/backend.ts';
import { runCli } from '../support/cli.ts';

t.test('explain wants a subject', async (t) => {
  const results = await Promise.all([runCli(['explain']), runCli(['explain', '--docker', 'off'])]);
  for (const { code, stderr } of results) {
    t.equal(code, 2);
    t.match(stderr, 'error: explain needs a container, a service or a URL: fairlead explain web-1');
  }
});

t.test('explain prints what the one that runs says', async (t) => {
  const { port } = await startTestAdmin(t);
  const { code, stdout } = await runCli(['explain', 'web-a', '--admin', `127.0.0.1:${port}`]);
  t.equal(code, 0);
  t.equal(stdout, 'container web-a\n  traffic: yes\n');
});

t.test('a container that the one that runs does not know is exit code 1', async (t) => {
  const { port } = await startTestAdmin(t);
  const { code, stdout, stderr } = await runCli(['explain', 'ghost', '--admin', `127.0.0.1:${port}`]);
  t.equal(code, 1);
  t.equal(stdout, '');
  t.match(stderr, 'error: there is no container or service ghost');
});

t.test('a token that is missing is said, and nothing is looked for without it', async (t) => {
  const { port } = await startTestAdmin(t, {}, 'a-token-of-16-or-more');
  const { code, stderr } = await runCli(['explain', 'web-a', '--admin', `127.0.0.1:${port}`]);
  t.equal(code, 1);
  t.equal(stderr, 'error: Fairlead answered 401: the admin token is missing or wrong\n');
});

t.test('when none runs explain looks for itself, probes included', async (t) => {
  // It becomes well only at its fourth probe: explain waits for a verdict.
  const alive = await startBackend(t, 'alive', (_, response) => {
    response.writeHead(alive.requests.length < 4 ? 503 : 200).end();
  });
  const cwd = t.testdir({
    'fairlead.yaml': `docker: off
admin: 127.0.0.1:${await deadPort()}
services:
  shop:
    host: shop.localhost
    path: /api
    health.path: /up
    hash: header:X-Tenant
    sticky: cookie
    slow-start: 30s
    max-connections: 10
    hold: 5s
    backends: [http://127.0.0.1:${alive.port}]
`,
  });
  const ask = (url: string) => runCli(['explain', url, '--config', 'fairlead.yaml'], { cwd });
  const known = await ask('http://shop.localhost/api/x?y');
  t.equal(known.code, 0, known.stderr);
  t.match(known.stdout, /^no Fairlead is running here: this is what one would do\n/);
  t.match(known.stdout, 'route shop.localhost/api → service shop');
  t.match(known.stdout, `backend 127.0.0.1:${alive.port} 127.0.0.1:${alive.port}: available`);
  t.match(known.stdout, 'service shop: hash by header X-Tenant, at most 10 requests a backend, health http');
  for (const set of ['hash=header:X-Tenant', 'sticky=cookie', 'slow-start=30s', 'hold=5s'])
    t.match(known.stdout, set);
  const unknown = await ask('shop.localhost/');
  t.equal(unknown.code, 1, 'what is not routed is exit code 1');
  t.match(unknown.stdout, '404, because no route fits host shop.localhost and path /');
  t.notMatch(unknown.stdout, 'did you mean', 'the host is right');
  t.match((await ask('http://shpo.localhost/api')).stdout, 'did you mean shop.localhost?');
});

t.test('without an Engine nobody says that there is no container', async (t) => {
  const admin = `127.0.0.1:${await deadPort()}`;
  const docker = 'unix:///nowhere/docker.sock';
  const { code, stdout, stderr } = await runCli(['explain', 'web-1', '--admin', admin, '--docker', docker]);
  t.strictSame([code, stdout], [1, '']);
  t.match(
    stderr,
    'error: cannot say whether there is a container web-1: docker: there is no unix:///nowhere/docker.sock: is Docker running',
  );
  const url = await runCli(['explain', 'http://a.localhost/', '--admin', admin, '--docker', docker]);
  t.equal(url.code, 1);
  t.match(url.stdout, /^docker: there is no unix:.*\nhttp:\/\/a\.localhost\/: 404/m);
});
