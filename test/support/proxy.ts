import type { Test } from 'tap';
import { type DataEvents, DataPlane, type PlaneOptions } from '../../src/data/plane.ts';
import { compileFilter } from '../../src/data/proxy/filters/compile.ts';
import type { Backend } from '../../src/model/backend.ts';
import { type Clock, systemClock } from '../../src/model/clock.ts';
import type { BackendHealth, HealthFlag, Proof } from '../../src/model/health.ts';
import { type IpRange, parseIpRange } from '../../src/model/ip.ts';
import type { Route } from '../../src/model/route.ts';
import { makeService, type Service, type ServiceSettings } from '../../src/model/service.ts';
import type { BackendSignal } from '../../src/model/signal.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { AccessEntry } from '../../src/telemetry/events.ts';
import { listenerOn } from './listener.ts';

/** A service as tests write it: ports of this machine, or whole backends. */
export interface TestService {
  readonly name?: string;
  /** One route to it for each; `test.localhost` without any. */
  readonly routes?: readonly Partial<Route>[];
  readonly settings?: ServiceSettings;
  readonly backends: readonly (number | TestServiceBackend)[];
}

export interface TestServiceBackend {
  readonly port: number;
  readonly name?: string;
  readonly weight?: number;
  readonly backup?: boolean;
  readonly maxConnections?: number;
  readonly flags?: readonly HealthFlag[];
  readonly proof?: Proof;
}

export interface TestProxy {
  readonly port: number;
  readonly plane: DataPlane;
  /** Finished requests, in order. */
  readonly entries: AccessEntry[];
  /** What requests told of backends, in order. */
  readonly signals: BackendSignal[];
  /** Swaps in other services. */
  apply(...services: TestService[]): void;
}

export const TEST_OPTIONS: PlaneOptions = {
  trustedProxies: [],
  instance: 'fairlead-0123abcd',
  tlsMin: '1.2',
  pages: '',
  // The sites of tests are on this machine.
  border: { listeners: [], allowed: [parseIpRange('127.0.0.0/8') as IpRange], local: () => [] },
  headerTimeout: 10_000,
  bodyTimeout: 60_000,
  minBodyRate: 240,
  idleTimeout: 75_000,
  maxConnections: 0,
  maxConnectionsPerClient: 0,
  maxRequestsPerConnection: 0,
  maxHeaderSize: 16_384,
  maxHeaders: 100,
  keepUnderscores: false,
};

/** A data plane on a free port that serves these services; gone at the end of the test. */
export async function startProxy(
  t: Pick<Test, 'teardown'>,
  services: readonly TestService[],
  options: Partial<PlaneOptions> = {},
  clock: Clock = systemClock,
  compile: typeof compileFilter = compileFilter,
  events: Partial<DataEvents> = {},
): Promise<TestProxy> {
  const entries: AccessEntry[] = [];
  const onAccess = (entry: AccessEntry) => entries.push(entry);
  const signals: BackendSignal[] = [];
  const onSignal = (signal: BackendSignal) => signals.push(signal);
  const plane = new DataPlane(
    { ...TEST_OPTIONS, ...options },
    { onAccess, onError: () => {}, onSignal, ...events },
    clock,
    Math.random,
    compile,
  );
  let version = 0;
  const apply = (...next: TestService[]) => plane.apply(makeSnapshot(++version, next));
  apply(...services);
  const { port } = await plane.listen(listenerOn());
  t.teardown(() => plane.stop(0));
  return { port, plane, entries, signals, apply };
}

/** A whole snapshot of services as tests write them. */
export function makeSnapshot(version: number, services: readonly TestService[]): Snapshot {
  const health = new Map<string, BackendHealth>();
  const built: Service[] = [];
  const routes: Route[] = [];
  for (const { name = 'test', settings = {}, backends, routes: wanted = [{}] } of services) {
    const members = backends.map((entry): Backend => {
      const {
        port,
        weight = 1,
        backup = false,
        flags = [],
        maxConnections,
        proof,
        ...rest
      } = typeof entry === 'number' ? { port: entry } : entry;
      const id = `${name}/${port}`;
      health.set(id, {
        flags,
        reason: 'set by the test',
        since: 0,
        ...(proof !== undefined && { proof }),
      });
      const origin = { source: 'test', name: 'test' };
      return {
        id,
        name: rest.name ?? `backend-${port}`,
        address: { host: '127.0.0.1', port },
        weight,
        backup,
        ...(maxConnections !== undefined && { maxConnections }),
        origin,
      };
    });
    built.push(makeService(name, settings, members));
    for (const route of wanted) {
      routes.push({
        host: 'test.localhost',
        path: '/',
        priority: 0,
        stripPrefix: false,
        service: name,
        ...route,
      });
    }
  }
  return {
    version,
    topologyVersion: version,
    createdAt: 0,
    services: built,
    routes,
    health,
    problems: [],
    sources: [],
  };
}
