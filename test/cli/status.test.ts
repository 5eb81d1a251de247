import t from 'tap';
import { stateOf } from '../../src/admin/state.ts';
import { filterState } from '../../src/cli/status-filter.ts';
import { certificateReport } from '../../src/cli/status-report.ts';
import { statusLines } from '../../src/cli/status-table.ts';
import {
  ADMIN_CERTIFICATES,
  ADMIN_NOW,
  ADMIN_SNAPSHOT,
  ADMIN_WORKER,
  adminTraffic,
  adminView,
  startTestAdmin,
  TWO_LISTENERS,
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
    '           b              10.0.0.1:81  1 backup  failing its check: refused  0         2s',
    '           a              10.0.0.1:80  1         available                   5         5s',
    '',
    'Problems',
    '  error: web-9: fairlead.hots: is not a known key',
  ]);
});

t.test('several listeners have a line each', async (t) => {
  const lines = statusLines(stateOf(adminView({ listeners: () => TWO_LISTENERS })));
  t.strictSame(lines.slice(2, 4), [
    'listener http (127.0.0.1:8080): 9 connections',
    'listener http-2 (127.0.0.1:8081): 0 connections',
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

/** `shop` with its two backends, and others of which all, or none, take requests. */
function manyServices() {
  const [shop] = ADMIN_SNAPSHOT.services;
  if (shop === undefined) throw new Error('there is a service');
  const [a, b] = shop.backends;
  const named = (name: string, ...backends: (typeof a)[]) => ({
    ...shop,
    name,
    backends: backends.flatMap((one) => one ?? []),
  });
  const services = [named('api', a), shop, named('blog', b), named('zoo', a)];
  return { ...ADMIN_SNAPSHOT, services };
}

t.test('the ill ones come first: services that nobody serves, then those with an ill backend', async (t) => {
  const lines = statusLines(stateOf(adminView({ snapshot: manyServices })));
  const names = lines.flatMap((line) => /^(api|shop|blog|zoo) /.exec(line)?.[1] ?? []);
  t.strictSame(names, ['blog', 'shop', 'api', 'zoo']);
});

t.test('what was removed comes last, with since when and until when it is remembered', async (t) => {
  const { services, ...rest } = manyServices();
  const removed = { at: ADMIN_NOW - 300_000, until: ADMIN_NOW + 3_300_000 };
  const absences = { blog: { names: ['blog-1'], removed }, zoo: { names: ['zoo-1', 'web-9'] } };
  const snapshot = {
    ...rest,
    services: services.map((service) => {
      const absence = absences[service.name as 'blog'];
      return absence === undefined ? service : { ...service, backends: [], absence };
    }),
  };
  const lines = statusLines(stateOf(adminView({ snapshot: () => snapshot })));
  const names = lines.flatMap((line) => /^(api|shop|blog|zoo) /.exec(line)?.[1] ?? []);
  t.strictSame(names, ['zoo', 'shop', 'api', 'blog']);
  const [idle, gone] = lines.filter((line) => line.includes('no backends'));
  t.match(idle, /no backends +no container serves: zoo-1, web-9$/);
  t.match(filterState(stateOf(adminView({ snapshot: () => snapshot })), 'zoo').problems, [
    { subject: 'web-9' },
  ]);
  t.match(gone, /no backends +blog-1 was removed, forgotten in 55m0s +5m0s$/);
});

t.test('status SERVICE shows what a name, or a part of a name, a route or a backend is about', async (t) => {
  const { port } = await startTestAdmin(t, { snapshot: manyServices });
  const ask = (...args: string[]) => runCli(['status', ...args, '--admin', `127.0.0.1:${port}`]);
  const blog = await ask('blog');
  t.equal(blog.code, 0);
  t.match(blog.stdout, /^blog /m);
  t.notMatch(blog.stdout, /^(api|shop|zoo) |web-9/m, 'nor problems of others');
  const route = await ask('SHOP.local');
  t.match(route.stdout, /^shop /m);
  const wrong = await ask('bolg');
  t.strictSame([wrong.code, wrong.stdout], [1, '']);
  t.equal(wrong.stderr, 'error: there is no service bolg; did you mean blog?\n');
  const few = filterState(stateOf(adminView({ snapshot: manyServices })), 'web-b');
  t.strictSame(
    few.services.map(({ name, backends }) => [name, backends.map((one) => one.name)]),
    [
      ['shop', ['b']],
      ['blog', ['b']],
    ],
  );
});

t.test('status --json is a document with the keys that are documented, without secrets', async (t) => {
  const { port } = await startTestAdmin(t, {}, TOKEN);
  const env = { FAIRLEAD_ADMIN_TOKEN: TOKEN };
  const { code, stdout } = await runCli(['status', '--json', '--admin', `127.0.0.1:${port}`], { env });
  t.equal(code, 0);
  t.notMatch(stdout, TOKEN);
  const report = JSON.parse(stdout);
  const time = (ago: number) => new Date(ADMIN_NOW - ago).toISOString();
  const backend = { weight: 1, requests: 0, inFlight: 0, backup: false, available: true, flags: [] };
  t.strictSame(report, {
    fairlead: '1.2.3',
    startedAt: time(60_000),
    now: time(0),
    version: 7,
    clientConnections: 9,
    listeners: [{ name: 'http', address: '127.0.0.1:8080', protocol: 'http', tls: false, connections: 9 }],
    sources: [
      { name: 'docker', target: 'unix:///run/docker.sock', connected: true, staleSince: null, error: null },
    ],
    workers: [
      {
        worker: 1,
        pid: 4_711,
        state: 'serving',
        startedAt: time(30_000),
        connections: 9,
        requests: 5,
        restarts: 1,
      },
    ],
    certificates: ADMIN_CERTIFICATES.map(certificateReport),
    services: [
      {
        name: 'shop',
        state: 'degraded',
        routes: ['shop.localhost'],
        requests: 5,
        errors: 2,
        waiting: 0,
        removedAt: null,
        backends: [
          {
            ...backend,
            name: 'b',
            address: '10.0.0.1:81',
            origin: 'web-b',
            backup: true,
            available: false,
            flags: ['FailedCheck'],
            reason: 'refused',
            since: time(2_000),
          },
          {
            ...backend,
            name: 'a',
            address: '10.0.0.1:80',
            origin: 'web-a',
            reason: '200',
            since: time(5_000),
            inFlight: 1,
            requests: 5,
          },
        ],
      },
    ],
    problems: [
      {
        severity: 'error',
        source: 'docker',
        subject: 'web-9',
        where: 'fairlead.hots',
        message: 'is not a known key',
      },
    ],
  });
});

t.test('a terminal gets colours and lines of its width, unless NO_COLOR says otherwise', async (t) => {
  const { port } = await startTestAdmin(t);
  const ask = (env: Record<string, string>) =>
    runCli(['status', '--admin', `127.0.0.1:${port}`], { terminal: true, env: { TERM: 'xterm', ...env } });
  const [colored, plain] = await Promise.all([ask({}), ask({ NO_COLOR: '1' })]);
  t.match(colored.stdout, /\x1b\[31mfailing its[^\x1b]*…\x1b\[0m/);
  t.notMatch(plain.stdout, '\x1b');
  t.match(plain.stdout, 'failing its c');
  const longest = Math.max(...plain.stdout.split('\r\n').map((line) => line.length));
  t.ok(longest <= 80, `${longest} columns`);
});
