import t from 'tap';
import { stateOf } from '../../src/admin/state.ts';
import { statusLines } from '../../src/cli/status.ts';
import {
  ADMIN_NOW,
  ADMIN_SNAPSHOT,
  ADMIN_WORKER,
  adminTraffic,
  adminView,
  startTestAdmin,
} from '../support/admin.ts';
import { deadPort } from '../support/backend.ts';
import { runCli } from '../support/cli.ts';

const TOKEN = 'a-token-of-16-or-more';

t.test('status is exit code 1 when nothing runs', async (t) => {
  const port = await deadPort();
  const { code, stdout, stderr } = await runCli(['status', '--admin', `127.0.0.1:${port}`]);
  t.equal(code, 1);
  t.equal(stdout, '');
  t.equal(stderr, `error: no Fairlead answers at 127.0.0.1:${port} (--admin ADDRESS asks another)\n`);
});

t.test('status prints the table of the one that runs', async (t) => {
  const { port } = await startTestAdmin(t);
  const { code, stdout, stderr } = await runCli(['status', '--admin', `127.0.0.1:${port}`]);
  t.equal(code, 0);
  t.equal(stderr, '');
  t.strictSame(stdout.trimEnd().split('\n'), statusLines(stateOf(adminView())));
});

t.test('status asks with the token, and says when it is wrong', async (t) => {
  const { port } = await startTestAdmin(t, {}, TOKEN);
  const ask = (env: Record<string, string>) => runCli(['status', '--admin', `127.0.0.1:${port}`], { env });
  const [without, wrong, right] = await Promise.all([
    ask({}),
    ask({ FAIRLEAD_ADMIN_TOKEN: 'quite-another-token' }),
    ask({ FAIRLEAD_ADMIN_TOKEN: TOKEN }),
  ]);
  const stderr = 'error: Fairlead answered 401: the admin token is missing or wrong\n';
  for (const { code, stderr: said } of [without, wrong]) t.strictSame([code, said], [1, stderr]);
  t.equal(right.code, 0);
  t.match(right.stdout, 'shop.localhost');
  t.notMatch(right.stdout + right.stderr, TOKEN);
});

t.test('the table has a row for each service and each backend, in columns', async (t) => {
  const lines = statusLines(stateOf(adminView()));
  t.strictSame(lines, [
    'Fairlead 1.2.3, up 1m0s, version 7 of the table',
    'docker (unix:///run/docker.sock): connected',
    '',
    'SERVICE  ROUTE / BACKEND  ADDRESS      WEIGHT    STATE                       REQUESTS  SINCE',
    'shop     shop.localhost                                                      5',
    '           a              10.0.0.1:80  1         available                   5         5s',
    '           b              10.0.0.1:81  1 backup  failing its check: refused  0         2s',
    '',
    'Problems',
    '  error: web-9: fairlead.hots: is not a known key',
  ]);
});

t.test('several workers have a line each', async (t) => {
  const workers = () => [ADMIN_WORKER, { ...ADMIN_WORKER, worker: 2, pid: 4_712 }];
  const lines = statusLines(stateOf(adminView({ workers })));
  t.strictSame(lines.slice(2, 4), [
    'worker 1 (4711): serving, up 30s, 9 connections, 5 requests, 1 restarts',
    'worker 2 (4712): serving, up 30s, 9 connections, 5 requests, 0 restarts',
  ]);
});

t.test('a backend says all that keeps it from traffic, also a weight of nothing', async (t) => {
  const services = ADMIN_SNAPSHOT.services.map((service) => ({
    ...service,
    backends: service.backends.map((backend) => ({ ...backend, weight: 0 })),
  }));
  const routes = ADMIN_SNAPSHOT.routes.flatMap((route) => [route, { ...route, path: '/api' }]);
  const flags = ['Draining', 'FailedCheck'] as const;
  const health = new Map([...ADMIN_SNAPSHOT.health, ['shop/b', { flags, reason: 'stopping', since: 0 }]]);
  const snapshot = { ...ADMIN_SNAPSHOT, services, routes, health };
  const text = statusLines(stateOf(adminView({ snapshot: () => snapshot }))).join('\n');
  t.match(text, /^shop +shop\.localhost, shop\.localhost\/api /m);
  t.match(text, /^ +a +10\.0\.0\.1:80 +0 +weight 0 /m);
  t.match(text, /^ +b +10\.0\.0\.1:81 +0 backup +draining, failing its check: stopping /m);
});

t.test('a time ago is told in the units that people would use', async (t) => {
  const up = (seconds: number) => {
    const startedAt = ADMIN_NOW - seconds * 1_000;
    return /up (\w+)/.exec(statusLines(stateOf(adminView({ startedAt })))[0] ?? '')?.[1];
  };
  t.strictSame([-5, 0, 59, 60, 3_599, 3_600, 7_260, 90_000].map(up), [
    '0s',
    '0s',
    '59s',
    '1m0s',
    '59m59s',
    '1h0m',
    '2h1m',
    '25h0m',
  ]);
});

t.test('a source that is lost says since when and why', async (t) => {
  const lost = { name: 'docker', target: 'x', connected: false, staleSince: ADMIN_NOW - 3_725_000 };
  const lines = (error: object) => {
    const sources = [{ ...lost, ...error }];
    return statusLines(stateOf(adminView({ snapshot: () => ({ ...ADMIN_SNAPSHOT, sources }) })));
  };
  t.equal(lines({ error: 'refused' })[1], 'docker (x): stale since 1h2m: refused');
  t.equal(lines({})[1], 'docker (x): stale since 1h2m: not connected yet');
});

t.test('a table of nothing says what to do', async (t) => {
  const snapshot = { ...ADMIN_SNAPSHOT, services: [], routes: [], problems: [] };
  const lines = statusLines(stateOf(adminView({ snapshot: () => snapshot })));
  t.equal(lines.at(-1), 'No services yet: give a container the label fairlead.host=NAME.');
});

t.test('a service without routes or backends says so', async (t) => {
  const services = ADMIN_SNAPSHOT.services.map((service) => ({ ...service, backends: [] }));
  const snapshot = { ...ADMIN_SNAPSHOT, services, routes: [], problems: [] };
  const text = statusLines(stateOf(adminView({ snapshot: () => snapshot }))).join('\n');
  t.match(text, /^shop {2,}no route /m);
  t.match(text, /^ +no backends$/m);
});

t.test('requests that wait for a backend are told with their service', async (t) => {
  const stats = adminTraffic();
  const shop = stats.services['shop'];
  if (shop !== undefined) shop.waiting = 3;
  const lines = statusLines(stateOf(adminView({ stats: () => stats })));
  t.match(
    lines.find((line) => line.startsWith('shop ')),
    / 3 waiting /,
  );
  t.notMatch(statusLines(stateOf(adminView())).join(), 'waiting');
});

t.test('a weight that was ordered is told with the configured one', async (t) => {
  const services = ADMIN_SNAPSHOT.services.map((service) => ({
    ...service,
    backends: service.backends.map((backend) => ({ ...backend, weight: 0, configuredWeight: 3 })),
  }));
  const lines = statusLines(stateOf(adminView({ snapshot: () => ({ ...ADMIN_SNAPSHOT, services }) })));
  t.match(lines.join('\n'), '0 (configured 3)');
});
