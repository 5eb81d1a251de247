import t from 'tap';
import { parseDockerFilter } from '../../../../src/config/docker-filter.ts';
import { type ReportContext, reportContainer } from '../../../../src/control/discovery/docker/claims.ts';
import type { Container } from '../../../../src/control/discovery/docker/container.ts';
import type { WorkloadReport } from '../../../../src/control/discovery/workload.ts';
import type { Claim } from '../../../../src/model/contribution.ts';
import { formatProblem } from '../../../../src/model/problem.ts';
import { containerId, makeContainer } from '../../../support/fake-engine.ts';

function report(parts: Partial<Container>, context: Partial<ReportContext> = {}): WorkloadReport {
  return reportContainer(makeContainer(parts), {
    source: 'docker',
    reach: { kind: 'host', drivers: new Map() },
    find: () => undefined,
    stopping: new Map(),
    deaths: new Map(),
    allow: [],
    ...context,
  });
}

/** The claim of the container's first service. */
function claimOf(parts: Partial<Container>, context: Partial<ReportContext> = {}): Claim | undefined {
  return report(parts, context).services[0]?.claim;
}

function problemsOf(parts: Partial<Container>): string[] {
  return report(parts).problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`);
}

const HOST = { 'fairlead.host': 'shop.localhost' };

t.test('one label makes a claim with an address', async (t) => {
  t.same(claimOf({}), {
    origin: { source: 'docker', name: 'shop-1', containerId: containerId('abc'), image: 'my/shop' },
    routes: [{ host: 'shop.localhost', path: '/', priority: 0, stripPrefix: false }],
    settings: {},
    serves: {
      name: 'shop-1',
      key: 'abc000000000:80',
      address: { host: '172.17.0.2', port: 80 },
      weight: 1,
      backup: false,
    },
    createdAt: 1_700_000_000_000,
  });
  t.same(problemsOf({}), []);
});

t.test('the labels of a route, a backend and a service all arrive', async (t) => {
  const labels = {
    'fairlead.host': 'a.localhost,b.localhost',
    'fairlead.path': '/api',
    'fairlead.priority': '7',
    'fairlead.strip-prefix': 'true',
    'fairlead.service': 'shop',
    'fairlead.weight': '5',
    'fairlead.backup': 'true',
    'fairlead.drain': '3s',
  };
  const route = { path: '/api', priority: 7, stripPrefix: true };
  t.match(claimOf({ labels }), {
    service: 'shop',
    routes: ['a.localhost', 'b.localhost'].map((host) => ({ host, ...route })),
    settings: { drainMs: 3_000 },
    serves: { weight: 5, backup: true },
  });
});

t.test('Fairlead itself is ignored, whatever its labels', async (t) => {
  const self = makeContainer({});
  const own = report({}, { reach: { kind: 'container', self, drivers: new Map() } });
  t.match(own, { ignored: 'it is Fairlead itself', services: [], problems: [] });
});

t.test('a one-off of docker compose run is ignored, with all its mistakes', async (t) => {
  const labels = { 'fairlead.hots': 'x', 'com.docker.compose.oneoff': 'True' };
  t.match(report({ labels }), {
    ignored: 'it is a one-off of docker compose run',
    services: [],
    problems: [],
  });
});

t.test('a container without a label of ours is ignored', async (t) => {
  t.match(report({ labels: { 'traefik.enable': 'true' } }), { ignored: 'it has no fairlead label' });
});

t.test('a misspelt prefix is a notice on a container that is otherwise ignored', async (t) => {
  t.same(problemsOf({ labels: { 'farlead.host': 'x.localhost' } }), [
    'notice shop-1: farlead.host: is not ours (did you mean fairlead.host?)',
  ]);
});

t.test('enable=false is why a container is ignored', async (t) => {
  const labels = { ...HOST, 'fairlead.enable': 'false', 'fairlead.prot': '1' };
  t.match(report({ labels }), { ignored: 'fairlead.enable is false', services: [], problems: [] });
});

t.test('enable alone is told what is missing', async (t) => {
  t.same(problemsOf({ labels: { 'fairlead.enable': 'true' } }), [
    'error shop-1: fairlead.enable: nothing says which requests the container wants (add fairlead.host=NAME, or fairlead.service=NAME to join a service)',
  ]);
});

t.test('a container that does not run keeps its routes without an address', async (t) => {
  for (const state of ['created', 'restarting', 'removing', 'exited', 'dead', '']) {
    const stopped = { state, networks: [{ name: 'bridge', id: 'net-bridge', address: '' }] };
    const claim = claimOf(stopped);
    t.equal(claim?.serves, undefined, state);
    t.equal(claim?.routes[0]?.host, 'shop.localhost');
    t.same(problemsOf(stopped), [], 'and an address is not missed');
    t.equal(claimOf({ state, isOnHostNetwork: true })?.serves, undefined);
  }
});

t.test('what Docker says against a backend becomes a flag with a reason', async (t) => {
  const health = (parts: Partial<Container>, context?: Partial<ReportContext>) =>
    claimOf(parts, context)?.serves?.health;
  t.equal(health({}), undefined);
  t.equal(health({ health: 'healthy' }), undefined);
  t.match(health({ health: 'starting' }), { flags: ['Pending'], reason: /HEALTHCHECK is starting/ });
  t.match(health({ health: 'unhealthy' }), { flags: ['FailedCheck'], reason: /HEALTHCHECK fails/ });
  t.match(health({ state: 'paused' }), { flags: ['FailedCheck'], reason: /paused/ });
  const stopping = new Map([[containerId('abc'), 'SIGTERM']]);
  t.match(health({ health: 'unhealthy' }, { stopping }), { flags: ['Draining'], reason: /sent SIGTERM/ });
});

t.test('a bad label refuses the container, but its host stays known', async (t) => {
  const labels = { ...HOST, 'fairlead.prot': '80', 'fairlead.balance': 'random' };
  const claim = claimOf({ labels });
  t.equal(claim?.serves, undefined);
  t.equal(claim?.routes[0]?.host, 'shop.localhost');
  t.same(claim?.settings, {}, 'and it decides nothing for others');
  t.same(problemsOf({ labels }), [
    'error shop-1: fairlead.prot: is not a known key (did you mean fairlead.port?)',
  ]);
});

t.test('a bad label of one service does not stop the container’s others', async (t) => {
  const labels = {
    ...HOST,
    'fairlead.services.api.host': 'api.localhost',
    'fairlead.services.api.port': 'x',
  };
  const { services } = report({ labels });
  t.same(
    services.map(({ name, claim }) => [name, claim.serves !== undefined]),
    [
      ['', true],
      ['api', false],
    ],
  );
});

t.test('several exposed ports are a notice, on the key that would settle it', async (t) => {
  const ports = [80, 9090];
  t.same(problemsOf({ ports }), [
    'notice shop-1: fairlead.port: the container exposes 80, 9090: the lowest was taken (say fairlead.port=80 if that is right)',
  ]);
  t.ok(claimOf({ ports })?.serves, 'and the lowest serves');
  t.same(problemsOf({ ports, labels: { ...HOST, 'fairlead.port': '9090' } }), []);
  t.same(problemsOf({ ports, labels: { 'fairlead.services.api.host': 'api.localhost' } }), [
    'notice shop-1: fairlead.services.api.port: the container exposes 80, 9090: the lowest was taken (say fairlead.services.api.port=80 if that is right)',
  ]);
});

t.test('a missing address is an error on the key that would settle it', async (t) => {
  const labels = { 'fairlead.services.api.host': 'api.localhost' };
  t.same(problemsOf({ ports: [], labels }), [
    'error shop-1: fairlead.services.api.port: the container exposes no TCP port (add fairlead.services.api.port=PORT, or EXPOSE one in its image)',
  ]);
  t.match(problemsOf({ networks: [] }), [
    /^error shop-1: fairlead.network: the Engine names no network of the container/,
  ]);
  t.equal(claimOf({ networks: [] })?.routes.length, 1, 'and its host stays known');
});

t.test('keys of a route need a host, keys of a service a host or a service', async (t) => {
  const problems = (key: string, value: string) => problemsOf({ labels: { [`fairlead.${key}`]: value } });
  t.same(problems('path', '/api'), [
    'error shop-1: fairlead.path: needs a host to belong to (add fairlead.host)',
  ]);
  t.match(problems('strip-prefix', 'true'), [/strip-prefix: needs a host/]);
  t.match(problems('priority', '3'), [/priority: needs a host/]);
  t.match(problems('port', '80'), [/fairlead.host: nothing says which requests the container wants/]);
  t.same(problems('service', 'shop'), []);
  t.equal(problems('host', 'http://x').length, 1, 'but a bad one is not called missing, too');
  t.match(problems('services.api.port', '80'), [
    /fairlead.services.api.host: .*add fairlead.services.api.host=NAME/,
  ]);
});

t.test('a restarted container is another backend than before', async (t) => {
  const deaths = new Map([[containerId('abc'), 2]]);
  t.equal(claimOf({}, { deaths })?.serves?.key, 'abc000000000~2:80');
});

t.test('a container that the filter excludes is ignored with all its mistakes', async (t) => {
  const labels = { 'fairlead.hots': 'a.org', stage: 'test' };
  const ignoredBy = (filter: string, parts: Partial<Container> = {}) => {
    const { ignored, services, problems } = report(
      { labels, ...parts },
      { filters: parseDockerFilter(filter) },
    );
    if (ignored !== undefined) t.same([services, problems], [[], []]);
    return ignored;
  };
  t.equal(ignoredBy('label=stage=prod'), 'excluded by --docker-filter label=stage=prod');
  t.equal(ignoredBy('label!=stage'), 'excluded by --docker-filter label!=stage');
  t.equal(ignoredBy('label=stage'), undefined);
  t.equal(ignoredBy('label!=stage=prod,network=bri*'), undefined);
  t.equal(ignoredBy('label=stage, network=web'), 'excluded by --docker-filter network=web', 'all must fit');
  t.equal(ignoredBy('name=other-*'), 'excluded by --docker-filter name=other-*');
  t.equal(ignoredBy('image=my/shop', { image: 'my/shop:1.2' }), undefined);
});

t.test('a container with labels of another proxy is told where to read on', async (t) => {
  const of = (labels: Record<string, string>) => report({ labels });
  const traefik = { 'traefik.enable': 'true', 'traefik.http.routers.blog.rule': 'Host(`blog.org`)' };
  t.equal(
    of(traefik).ignored,
    'it has no fairlead label, but one of Traefik (traefik.http.routers.blog.rule): see docs/recipes/moving.md',
  );
  t.equal(of(traefik).foreign, 'Traefik');
  t.equal(of({ caddy: 'a.org', 'caddy.reverse_proxy': '{{upstreams 80}}' }).foreign, 'Caddy');
  t.equal(of({ caddy_0: 'a.org' }).foreign, 'Caddy');
  t.equal(of({ 'com.github.nginx-proxy.nginx-proxy.keepalive': '8' }).foreign, 'nginx-proxy');
  t.equal(of({ ...traefik, 'traefik.enable': 'false' }).foreign, undefined, 'one that wants none');
  t.equal(of({ ...traefik, ...HOST }).foreign, undefined, 'nor one that has ours, too');
  t.equal(of({ ...traefik, 'fairlead.enable': 'false' }).foreign, undefined);
  t.equal(of({ 'org.caddy': 'x', traefikx: 'y' }).ignored, 'it has no fairlead label');
});

t.test('a port that is not the one exposed is a caveat for when nothing answers there', async (t) => {
  const doubtOf = (label: Record<string, string>, ports = [80]) =>
    claimOf({ labels: { ...HOST, ...label }, ports })?.serves?.caveat;
  t.equal(doubtOf({ 'fairlead.port': '8080' }), 'the container exposes 80, fairlead.port says 8080');
  t.equal(doubtOf({ 'fairlead.port': '80' }), undefined);
  t.equal(doubtOf({ 'fairlead.port': '80' }, []), undefined, 'what exposes nothing says nothing against it');
  t.equal(doubtOf({}, [80, 443]), 'of the ports 80, 443 the lowest was taken, fairlead.port names another');
  const named = { 'fairlead.services.b.host': 'b.org', 'fairlead.services.b.port': '81' };
  t.equal(
    report({ labels: named }).services[0]?.claim.serves?.caveat,
    'the container exposes 80, fairlead.services.b.port says 81',
  );
});
