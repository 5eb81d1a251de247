import t from 'tap';
import { parseAllow } from '../src/config/parse-allow.ts';
import { reportContainer } from '../src/control/discovery/docker/claims.ts';
import { explainWorkload } from '../src/explain.ts';
import { explainUrl } from '../src/explain-url.ts';
import type { Transition } from '../src/model/health.ts';
import { makeService, type Service } from '../src/model/service.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../src/model/snapshot.ts';
import { makeContribution, mergeContributions } from './support/claims.ts';
import { makeContainer } from './support/fake-engine.ts';

/** A container with one label, and a snapshot in which it is ejected. */
function ejected(allow = '', labels: Record<string, string> = {}) {
  const report = reportContainer(
    makeContainer({ labels: { 'fairlead.host': 'shop.localhost', ...labels } }),
    {
      source: 'docker',
      reach: { kind: 'host', drivers: new Map() },
      find: () => undefined,
      stopping: new Map(),
      deaths: new Map(),
      allow: allow === '' ? [] : parseAllow(allow),
    },
  );
  const { services, routes } = mergeContributions([
    makeContribution(report.services.map(({ claim }) => claim)),
  ]);
  const id = services[0]?.backends[0]?.id ?? '';
  const health = new Map([
    [id, { flags: ['Ejected'] as const, reason: '1 failed request: ECONNREFUSED', since: 3_000 }],
  ]);
  const snapshot: Snapshot = { ...EMPTY_SNAPSHOT, services, routes, health };
  return { report, snapshot, id };
}

t.test('a container is explained with what its health is, and what it was before', async (t) => {
  const { report, snapshot, id } = ejected();
  const changes: Transition[] = [
    { at: 1_000, flags: ['Pending'], reason: 'not checked yet' },
    { at: 2_000, flags: [], reason: 'connected' },
    { at: 3_000, flags: ['Ejected'], reason: '1 failed request: ECONNREFUSED' },
  ];
  const lines = explainWorkload(report, snapshot, (backendId) => (backendId === id ? changes : []));
  const at = lines.findIndex((line) => line.startsWith('  health:'));
  t.same(lines.slice(at, at + 4), [
    '  health: ejected since 1970-01-01T00:00:03.000Z (1 failed request: ECONNREFUSED)',
    '    before: waiting for its first check since 1970-01-01T00:00:01.000Z (not checked yet)',
    '    before: available since 1970-01-01T00:00:02.000Z (connected)',
    '  traffic: none, because it is ejected',
  ]);
});

t.test('of many changes the latest five before now are told', async (t) => {
  const { report, snapshot } = ejected();
  const changes = Array.from({ length: 20 }, (_, at): Transition => ({ at, flags: [], reason: `${at}` }));
  const told = explainWorkload(report, snapshot, () => changes).filter((line) => line.includes('before:'));
  t.same(
    told.map((line) => /\((\d+)\)$/.exec(line)?.[1]),
    ['14', '15', '16', '17', '18'],
  );
});

t.test('a container is explained with the rule that allows what it has, or why none does', async (t) => {
  const explain = (allow: string) => {
    const { report, snapshot } = ejected(allow);
    return explainWorkload(report, snapshot, () => []);
  };
  t.ok(explain('host:*.localhost').includes('  shop.localhost: allowed by "host:*.localhost"'));
  const refused = explain('host:*.org').join('\n');
  t.match(refused, 'fairlead.host: is refused: no allow rule lets the container have shop.localhost');
  t.match(refused, 'traffic: none');
  t.ok(explain('project:x').includes('  ignored: no allow rule is about it'));
});

t.test('a route is not said to win by a priority that nothing has any more', async (t) => {
  const route = { path: '/', stripPrefix: false };
  const why = (other: { priority: number; ghost?: 'new' }) =>
    explainUrl('a.localhost', {
      ...EMPTY_SNAPSHOT,
      services: [makeService('a', {}, []), makeService('any', {}, [])],
      routes: [
        { ...route, host: 'a.localhost', priority: 0, service: 'a' },
        { ...route, host: '*', service: 'any', ...other },
      ],
    })?.[1];
  t.equal(
    why({ priority: 50, ghost: 'new' }),
    '  because its host a.localhost is the most specific that fits',
  );
  t.equal(why({ priority: -1 }), '  because its priority is the highest (0)');
});

t.test('a container that does not run is said to get no traffic for that', async (t) => {
  const traffic = (state: string) => {
    const report = reportContainer(makeContainer({ state }), {
      source: 'docker',
      reach: { kind: 'host', drivers: new Map() },
      find: () => undefined,
      stopping: new Map(),
      deaths: new Map(),
      allow: [],
    });
    return explainWorkload(report, EMPTY_SNAPSHOT, () => []).at(-1);
  };
  t.equal(traffic('exited'), '  traffic: none, because the container is exited');
  t.equal(traffic('restarting'), '  traffic: none, because the container is restarting');
});

t.test('a URL that nobody serves is explained by what is wrong with its containers', async (t) => {
  const problem = {
    severity: 'error',
    source: 'docker',
    where: 'fairlead.prot',
    message: 'is not a known key',
  } as const;
  const lines = (absence: NonNullable<Service['absence']>) =>
    explainUrl('a.localhost', {
      ...EMPTY_SNAPSHOT,
      services: [{ ...makeService('a', {}, []), absence }],
      routes: [{ host: 'a.localhost', path: '/', stripPrefix: false, priority: 0, service: 'a' }],
      problems: [
        { ...problem, subject: 'web-1' },
        { ...problem, subject: 'other' },
      ],
    })?.slice(-3);
  t.strictSame(lines({ names: ['web-1'] }), [
    '  no backends: its fallback answers, else 503',
    '  none of its containers serves: web-1',
    '  error: web-1: fairlead.prot: is not a known key',
  ]);
  t.equal(
    lines({ names: ['web-9'], removed: { at: 1, until: 2 } })?.at(-1),
    '  its last container was removed: web-9',
  );
});

t.test(
  'filters are told in their order, and no value that may be a secret, whatever is wrong with it',
  async (t) => {
    const { report, snapshot } = ejected('', {
      'fairlead.headers.request.Authorization': 'Basic s3cret',
      'fairlead.headers.request.X-Team': 'blue',
      'fairlead.services.api.host': 'api.localhost',
      'fairlead.services.api.headers.request.X-Api-Key': 's3cret',
    });
    const lines = explainWorkload(report, snapshot, () => []);
    t.notMatch(lines.join('\n'), 's3cret');
    const filters = lines.filter((line) => line.startsWith('  filter: '));
    t.same(filters, [
      '  filter: headers.request.Authorization=…',
      '  filter: headers.request.X-Team=blue',
      '  filter: headers.request.X-Api-Key=…',
    ]);
    t.ok(lines.includes('    fairlead.headers.request.X-Team=blue'));
    t.ok(lines.includes('    fairlead.headers.request.Authorization=…'));
    t.same(
      explainUrl('http://shop.localhost/', snapshot)?.filter((line) => line.startsWith('  filter: ')),
      filters.slice(0, 2),
    );
  },
);

t.test('nor is one told where something is wrong with it', async (t) => {
  const { report, snapshot } = ejected('', {
    'fairlead.headers.response.X-Token': 's3cret\u0007',
    'fairlead.header.request.Cookie': 's3cret',
    'fairlead.headers.request.Authorization': 'pass-{s-cret}-word',
  });
  const lines = explainWorkload(report, snapshot, () => []);
  t.match(lines.join('\n'), 'fairlead.headers.response.X-Token: wants printable ASCII, not U+0007');
  t.notMatch(lines.join('\n'), /s.cret/);
});
