import type { ContainerInfo } from 'dockerode';
import t, { type Test } from 'tap';
import { readText } from '../../src/config/text-file.ts';
import { ControlPlane } from '../../src/control/control-plane.ts';
import { DockerSource } from '../../src/control/discovery/docker/docker-source.ts';
import { FileSource } from '../../src/control/discovery/file/file-source.ts';
import { RouteTable } from '../../src/data/routing/table.ts';
import { explainUrl } from '../../src/explain-url.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { FakeClock, settle } from '../support/clock.ts';
import { containerId, FakeEngine, makeEntry } from '../support/fake-engine.ts';
import { ScriptedProbe } from '../support/scripted-probe.ts';

const MOMENT_MS = 29_900;

interface Scene {
  readonly engine: FakeEngine;
  readonly clock: FakeClock;
  /** Containers of which each has these labels, without their prefix. */
  start(containers: Readonly<Record<string, Readonly<Record<string, string | number>>>>): Promise<void>;
  stop(...ids: string[]): Promise<void>;
  remove(...ids: string[]): Promise<void>;
  /** Names of the containers that answer the URL; `503` where none does, and `404` without a route. */
  answers(url: string): string;
  snapshot(): Snapshot;
}

/** An Engine whose containers come and go, and who answers then. */
async function setUp(t: Test, file?: string): Promise<Scene> {
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const source = new DockerSource({
    name: 'docker',
    endpoint: 'unix:///run/docker.sock',
    engine,
    clock,
    log: silentLog(),
    ownIds: [],
    elsewhere: { kind: 'here' },
    allow: [],
  });
  const files = file === undefined ? [] : [new FileSource({ path: file, clock, log: silentLog(), readText })];
  const probes = new ScriptedProbe(clock);
  const plane = new ControlPlane([source, ...files], clock, probes.probe, { random: () => 0.5 });
  plane.start();
  t.teardown(() => plane.stop());
  // Longer than what is only remembered for the lag of the Engine's list.
  const passes = () => clock.advance(300);
  const put = (entry: ContainerInfo) => {
    engine.entries = [...engine.entries.filter(({ Id }) => Id !== entry.Id), entry];
  };
  await settle();
  return {
    engine,
    clock,
    async start(containers) {
      for (const [id, given] of Object.entries(containers)) {
        const labels = Object.fromEntries(
          Object.entries(given).map(([key, value]) => [`fairlead.${key}`, String(value)]),
        );
        put(makeEntry({ id, name: id, labels, address: `10.0.0.${parseInt(id, 16)}` }));
        engine.emit(id, 'start');
      }
      await passes();
    },
    async stop(...ids) {
      for (const id of ids) {
        const entry = engine.entries.find(({ Id }) => Id === containerId(id)) as ContainerInfo;
        put({
          ...entry,
          State: 'exited',
          Status: 'Exited (0) a moment ago',
          NetworkSettings: { Networks: {} },
        });
        engine.emit(id, 'die');
      }
      await passes();
    },
    async remove(...ids) {
      engine.entries = engine.entries.filter(({ Id }) => !ids.some((id) => containerId(id) === Id));
      for (const id of ids) engine.emit(id, 'die');
      for (const id of ids) engine.emit(id, 'destroy');
      await passes();
    },
    answers(url) {
      const slash = url.indexOf('/');
      const [host, path] = slash === -1 ? [url, '/'] : [url.slice(0, slash), url.slice(slash)];
      const { routes, services } = plane.snapshot;
      const table = new RouteTable(routes, (name) => services.find((service) => service.name === name));
      const service = table.match(host, path)?.service;
      if (service === undefined) return '404';
      return service.backends.map(({ name }) => name).join(' ') || '503';
    },
    snapshot: () => plane.snapshot,
  };
}

t.test('a canary with priority that is removed costs the others no request', async (t) => {
  const { start, remove, answers, snapshot } = await setUp(t);
  await start({ a: { host: 'x.org' }, b: { host: 'x.org', priority: 100 } });
  t.equal(answers('x.org'), 'b');
  await remove('b');
  t.equal(answers('x.org'), 'a', 'at once');
  t.same(
    snapshot().services.map(({ name }) => name),
    ['x.org'],
    'and nothing is left of it',
  );
});

t.test('nor one that is only stopped', async (t) => {
  const { start, stop, answers } = await setUp(t);
  await start({ a: { host: 'x.org' }, b: { host: 'x.org', priority: 100 } });
  await stop('b');
  t.equal(answers('x.org'), 'a');
  await start({ b: { host: 'x.org', priority: 100 } });
  t.equal(answers('x.org'), 'b', 'and it has its priority again when it is back');
});

t.test('a container for any host with priority takes nothing with it when it is removed', async (t) => {
  const { start, remove, clock, answers } = await setUp(t);
  await start({
    a: { host: 'x.org' },
    b: { host: '*.y.org' },
    c: { host: 'z.org', priority: -1 },
    d: { host: '*', priority: 1 },
  });
  t.equal(answers('x.org'), 'd');
  await remove('d');
  t.same([answers('x.org'), answers('www.y.org')], ['a', 'b'], 'at once');
  t.equal(answers('other.org'), '503');
  await clock.advance(MOMENT_MS);
  t.equal(answers('z.org'), 'c');
});

t.test('a path that is merged back is served by the rest of its host, after a moment', async (t) => {
  const { start, remove, clock, answers } = await setUp(t);
  await start({ a: { host: 'x.org' }, b: { host: 'x.org', path: '/api' } });
  await remove('b');
  t.equal(answers('x.org'), 'a');
  t.equal(answers('x.org/api/v1'), '503', 'what may be replaced now is not taken for another');
  await clock.advance(MOMENT_MS);
  t.equal(answers('x.org/api/v1'), 'a');
});

t.test('a container that is replaced sends nobody elsewhere meanwhile', async (t) => {
  const { start, stop, remove, clock, answers } = await setUp(t);
  const labels = { host: 'x.org', path: '/api', priority: 5 };
  await start({ a: { host: 'x.org' }, b: labels });
  await stop('b');
  await clock.advance(20_000);
  await remove('b');
  t.equal(answers('x.org/api'), '503');
  await start({ c: labels });
  t.equal(answers('x.org/api'), 'c');
  await clock.advance(60_000);
  t.equal(answers('x.org/api'), 'c', 'and it is not forgotten that it is there');
});

t.test('a host whose only container is stopped is unavailable, not unknown', async (t) => {
  const { start, stop, clock, answers } = await setUp(t);
  await start({ a: { host: 'x.org' } });
  await stop('a');
  for (const hours of [0, 1, 24]) {
    await clock.advance(hours * 3_600_000);
    t.equal(answers('x.org'), '503');
    t.equal(answers('y.org'), '404');
  }
});

t.test('what was removed is unknown after an hour', async (t) => {
  const { start, remove, clock, answers, snapshot } = await setUp(t);
  await start({ a: { host: 'x.org' }, b: { host: 'y.org' } });
  await remove('a');
  await clock.advance(3_590_000);
  t.equal(answers('x.org'), '503');
  await clock.advance(60_000);
  t.equal(answers('x.org'), '404');
  t.same(
    snapshot().routes.map(({ host }) => host),
    ['y.org'],
  );
});

t.test('wider routes serve where a container was stopped long ago', async (t) => {
  const { start, stop, clock, answers } = await setUp(t);
  await start({ a: { host: 'x.y.org' }, b: { host: '*.y.org' }, c: { host: '*' } });
  await stop('a', 'b');
  t.same([answers('x.y.org'), answers('z.y.org'), answers('z.org')], ['503', '503', 'c']);
  await clock.advance(MOMENT_MS);
  t.same([answers('x.y.org'), answers('z.y.org')], ['c', 'c']);
});

t.test('what was stopped before we looked keeps no place', async (t) => {
  const { engine, start, answers } = await setUp(t);
  const labels = { 'fairlead.host': 'x.org', 'fairlead.path': '/api', 'fairlead.priority': '9' };
  engine.entries = [makeEntry({ id: 'b', name: 'b', labels, state: 'created' })];
  engine.emit('b', 'create');
  await start({ a: { host: 'x.org' } });
  t.equal(answers('x.org/api'), 'a');
});

t.test('a service whose backends are all ill is no ghost', async (t) => {
  const { engine, start, clock, answers } = await setUp(t);
  await start({ a: { host: 'x.org' }, b: { host: 'x.org', priority: 1 } });
  engine.emit('b', 'health_status', Number.NaN, 'unhealthy');
  await clock.advance(60_000);
  t.equal(answers('x.org'), 'b');
});

t.test(
  'a service of a file that has a fallback and no backends answers, whatever its priority',
  async (t) => {
    const folder = t.testdir({
      'fairlead.yaml': 'services:\n  closed:\n    host: "*"\n    priority: 9\n    fallback: status:418\n',
    });
    const { start, clock, answers, snapshot } = await setUp(t, `${folder}/fairlead.yaml`);
    await start({ a: { host: 'x.org' } });
    await clock.advance(60_000);
    t.equal(answers('x.org'), '503');
    t.equal(snapshot().routes.find(({ host }) => host === '*')?.ghost, undefined);
  },
);

t.test('it is told which routes are only known', async (t) => {
  const { start, stop, clock, snapshot } = await setUp(t);
  await start({ a: { host: 'x.org' }, b: { host: 'x.org', path: '/api' }, c: { host: 'y.org' } });
  await stop('b', 'c');
  const why = (url: string) =>
    explainUrl(url, snapshot())
      ?.slice(0, 2)
      .map((line) => line.trim());
  t.match(why('x.org/api'), [/x\.org\/api/, /ended a moment ago/]);
  await clock.advance(MOMENT_MS);
  t.match(explainUrl('x.org/api', snapshot())?.join('\n'), /also fits: x\.org\/api .*, where nothing serves/);
  t.match(why('y.org'), [/route y\.org/, /nothing serves at any that fits/]);
});
