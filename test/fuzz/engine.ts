import fc from 'fast-check';
import type { Test } from 'tap';
import { ControlPlane } from '../../src/control/control-plane.ts';
import { DockerSource } from '../../src/control/discovery/docker/docker-source.ts';
import { connectEngine } from '../../src/control/discovery/docker/engine.ts';
import { RouteTable } from '../../src/data/routing/table.ts';
import type { Clock } from '../../src/model/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type EngineServer, startEngineServer } from '../support/engine-server.ts';
import { eventually } from '../support/eventually.ts';
import { containerId, makeEntry } from '../support/fake-engine.ts';

/** What an Engine is made to answer for a while: the text of each answer, and what it writes among its events. */
export interface EngineMutant {
  readonly containers: string;
  readonly networks: string;
  readonly inspect: string;
  readonly events: string;
  /** A status other than 200, and where it leads to. */
  readonly refusal?: { readonly status: number; readonly location: string };
}

export interface EngineLane {
  readonly server: EngineServer;
  mutant: EngineMutant | undefined;
  isSecondThere: boolean;
}

const GOOD = makeEntry({ id: 'a1', name: 'good', labels: { 'fairlead.host': 'good.localhost' } });
const SECOND = makeEntry({ id: 'a2', name: 'second', labels: { 'fairlead.host': 'second.localhost' } });
const NETWORKS = [
  { Id: 'net-bridge', Name: 'bridge', Driver: 'bridge' },
  { Id: 'n2', Name: 'lan', Driver: 'macvlan' },
];
const INSPECT = { Id: containerId('b1'), Config: { StopSignal: 'SIGTERM', StopTimeout: 10, Labels: {} } };
const VICTIMS = [
  makeEntry({ id: 'b1', name: 'victim', labels: { 'fairlead.host': 'b.localhost', 'fairlead.port': '80' } }),
  {
    ...makeEntry({ id: 'b2', labels: { 'fairlead.services.x.host': 'x.localhost' }, status: 'Up (healthy)' }),
    Ports: [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 32768, Type: 'tcp' }],
    HostConfig: { NetworkMode: `container:${containerId('b1')}` },
    Health: { Status: 'healthy', FailingStreak: 0 },
  },
];
const happened = (Action: string, Attributes: object = {}, Type = 'container') => ({
  Type,
  Action,
  Actor: { ID: containerId('b1'), Attributes },
});
const EVENTS = [
  happened('start', { image: 'my/shop', name: 'victim' }),
  happened('kill', { signal: '15' }),
  happened('health_status: healthy'),
  happened('die', { exitCode: '0' }),
  happened('connect', { container: containerId('b1'), name: 'bridge' }, 'network'),
];

const nonsense: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 1e300, 65_536, '', [], {}, [null], '\u0000', '__proto__'),
  fc.constantFrom<unknown>(
    containerId('b1'),
    containerId('b2'),
    '../..',
    '%2e',
    'x'.repeat(100_000),
    '1.2.3.4',
  ),
  fc.constantFrom<unknown>('container:', `container:${containerId('b2')}`, 'host', 'none', '*', '*.*', '::1'),
  fc.constant(JSON.parse('{"__proto__":{"a":1},"toString":1,"length":-1}')),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** How one place of a value changes. */
const mutation = fc.record({
  /** Which of all places, as a share of them. */
  place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  how: fc.constantFrom('replace', 'remove', 'repeat', 'rename' as const),
  by: nonsense,
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** The same value with some of its places changed. */
function mutate(value: unknown, mutations: readonly Mutation[]): unknown {
  const copy = { root: structuredClone(value) };
  for (const { place, how, by } of mutations) {
    const places = placesOf(copy);
    const chosen = places[Math.floor(place * places.length)];
    if (chosen === undefined) continue;
    const { holder, key } = chosen;
    const old = holder[key];
    if (how === 'replace') holder[key] = structuredClone(by);
    else if (how === 'repeat')
      holder[key] = structuredClone(Array.isArray(old) ? [...old, ...old] : [old, old]);
    else {
      if (how === 'rename') holder[typeof by === 'string' ? by : JSON.stringify(by)] = old;
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
    }
  }
  return copy.root;
}

function placesOf(value: object): { holder: Record<string, unknown>; key: string }[] {
  return Object.entries(value).flatMap(([key, part]) => [
    { holder: value as Record<string, unknown>, key },
    ...(typeof part === 'object' && part !== null ? placesOf(part) : []),
  ]);
}

/** The text of a value that went wrong; now and then it breaks off, too. */
function textOf(value: unknown, most = 3): fc.Arbitrary<string> {
  const cut = fc.oneof(
    { weight: 9, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  );
  return fc.tuple(fc.array(mutation, { maxLength: most }), cut).map(([mutations, share]) => {
    const text = JSON.stringify(mutate(value, mutations)) ?? '';
    return text.slice(0, Math.ceil(share * text.length));
  });
}

const events = fc
  .array(fc.oneof(...EVENTS.map((event) => textOf(event)), fc.string({ unit: 'binary' })), { maxLength: 8 })
  .map((lines) => lines.map((line) => `${line}\n`).join(''));

/** The good one is always listed as it is, whatever stands beside it. */
const containers = fc
  .oneof(
    { weight: 6, arbitrary: fc.array(mutation, { maxLength: 6 }).map((all) => mutate(VICTIMS, all)) },
    { weight: 1, arbitrary: nonsense },
  )
  .map((others) => [GOOD, ...(Array.isArray(others) ? others : [others])]);

export const engineMutants: fc.Arbitrary<EngineMutant> = fc.record(
  {
    containers: fc.oneof(
      { weight: 4, arbitrary: containers.map((list) => JSON.stringify(list)) },
      { weight: 1, arbitrary: textOf([GOOD, ...VICTIMS]) },
    ),
    networks: textOf(NETWORKS),
    inspect: textOf(INSPECT),
    events,
    refusal: fc.record({
      status: fc.constantFrom(204, 301, 307, 400, 404, 500),
      location: fc.constantFrom('/x', 'ftp://x', 'http://127.0.0.1:1/', ''),
    }),
  },
  { requiredKeys: ['containers', 'networks', 'inspect', 'events'] },
);

/** An Engine on a socket, which answers what the lane says. */
export async function startEngineLane(t: Test): Promise<EngineLane> {
  const lane: { -readonly [K in keyof EngineLane]: EngineLane[K] } = {
    mutant: undefined,
    isSecondThere: false,
    server: await startEngineServer(t, 'unix', {
      handle: (path, response) => {
        if (path.endsWith('/version') || path.endsWith('/events')) return false;
        const { mutant } = lane;
        if (mutant?.refusal !== undefined) {
          const { status, location } = mutant.refusal;
          response.writeHead(status, location === '' ? {} : { location }).end(mutant.containers);
        } else if (path.endsWith('/containers/json')) {
          const good = lane.isSecondThere ? [GOOD, SECOND] : [GOOD];
          response.end(mutant?.containers ?? JSON.stringify(good));
        } else if (path.endsWith('/networks')) response.end(mutant?.networks ?? JSON.stringify(NETWORKS));
        else response.end(mutant?.inspect ?? JSON.stringify(INSPECT));
        return true;
      },
    }),
  };
  return lane;
}

/** Time that runs fifty times as fast. */
const FAST = 50;
const fastClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now() * FAST,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs / FAST);
    return () => clearTimeout(timer);
  },
};

/**
 * Whatever an Engine answers and tells for a while: nothing throws, what was good stays routed as long as it is listed or
 * nothing is, and once the Engine has come to its senses what it tells counts again. Throws at what is otherwise.
 */
export async function checkEngine(lane: EngineLane, mutant: EngineMutant): Promise<void> {
  lane.mutant = undefined;
  lane.isSecondThere = false;
  const source = new DockerSource({
    name: 'docker',
    endpoint: lane.server.endpoint,
    engine: connectEngine(lane.server.endpoint, undefined),
    clock: fastClock,
    log: silentLog(),
    ownIds: [],
    elsewhere: { kind: 'here' },
    allow: [],
  });
  const plane = new ControlPlane([source], fastClock, async () => ({ isPass: true, reason: '' }));
  const isRouted = (name: string) => {
    const { routes, services } = plane.snapshot;
    const table = new RouteTable(routes, (wanted) => services.find((service) => service.name === wanted));
    const service = table.match(`${name}.localhost`, '/')?.service;
    return service?.backends.some((backend) => backend.name === name) ?? false;
  };
  plane.start();
  try {
    await eventually('the good one is routed', () => isRouted('good'));
    const asked = lane.server.requests.length;
    lane.mutant = mutant;
    // That it is not understood has everything listed.
    lane.server.write(`${mutant.events}nonsense\n${JSON.stringify(EVENTS[0])}\n`);
    await eventually('it is asked', () => lane.server.requests.length > asked + 2);
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (listsGood(mutant) && !isRouted('good')) throw new Error('the good one is not routed any more');
    lane.mutant = undefined;
    lane.isSecondThere = true;
    await eventually('what is told afterwards counts', () => isRouted('good') && isRouted('second'));
  } finally {
    plane.stop();
  }
}

/** The good one is there, or nothing is told of containers at all. */
function listsGood({ containers: text, refusal }: EngineMutant): boolean {
  if (refusal !== undefined) return true;
  try {
    const list: unknown = JSON.parse(text);
    return !Array.isArray(list) || list.some((entry) => JSON.stringify(entry) === JSON.stringify(GOOD));
  } catch {
    return true;
  }
}
