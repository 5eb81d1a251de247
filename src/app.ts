import { type AdminServer, startAdmin } from './admin/server.ts';
import type { Options } from './config/options.ts';
import { ControlPlane } from './control/control-plane.ts';
import { connectEngine } from './control/discovery/docker/engine.ts';
import { isThisMachine, ownContainerIds } from './control/discovery/docker/self.ts';
import { DockerSource } from './control/discovery/docker/source.ts';
import { FileSource } from './control/discovery/file/source.ts';
import type { Source } from './control/discovery/source.ts';
import { probe } from './control/health/probe.ts';
import { explainContainer, explainUrl } from './explain.ts';
import type { Address } from './model/address.ts';
import { type Clock, systemClock } from './model/clock.ts';
import { formatProblem } from './model/problem.ts';
import type { BackendSignal } from './model/signal.ts';
import { diffSnapshots, type Snapshot } from './model/snapshot.ts';
import type { Traffic } from './model/traffic.ts';
import type { Log } from './telemetry/log.ts';
import { makeMetrics } from './telemetry/metrics.ts';
import { VERSION } from './version.ts';
import { makePlane } from './worker.ts';
import { LocalTraffic } from './workers/local.ts';

export interface AppInput {
  readonly options: Options;
  /** The configuration file, whose services are watched. */
  readonly file: string | undefined;
  readonly log: Log;
  /** Sources besides those of the options. */
  readonly sources?: readonly Source[];
  readonly clock?: Clock;
}

/** Where a running app is reached. */
export interface Running {
  readonly http: Address;
  readonly admin: Address | undefined;
}

/** Joins the parts: each is handed its slice of the options and what it needs of the others. */
export class App {
  readonly #options: Options;
  readonly #clock: Clock;
  readonly #dockers: readonly DockerSource[];
  readonly #control: ControlPlane;
  readonly #traffic: Traffic;
  readonly #startedAt: number;
  #admin: AdminServer | undefined;

  constructor({ options, file, log, sources = [], clock = systemClock }: AppInput) {
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#dockers = dockerSources(options, clock, log);
    const files = file === undefined ? [] : [new FileSource(file, clock, log)];
    this.#control = new ControlPlane([...this.#dockers, ...files, ...sources], clock, probe);
    const onSignal = (signal: BackendSignal) => this.#control.signal(signal);
    this.#traffic = new LocalTraffic(makePlane(options, log, clock, onSignal), clock);
    this.#control.subscribe((snapshot, before) => {
      this.#traffic.apply(snapshot);
      logChanges(log, snapshot, before);
    });
  }

  /** Rejects with a sentence for people when an address cannot be listened on. */
  async start(): Promise<Running> {
    const { http, admin, adminToken } = this.#options;
    const [bound = http] = await this.#traffic.start([http]);
    if (admin !== false) this.#admin = await startAdmin(admin, adminToken, this.#adminView());
    this.#control.start();
    return { http: bound, admin: this.#admin?.address };
  }

  /** Stops taking requests and lets those that run finish, for at most the time of grace. */
  async stop(): Promise<void> {
    this.#control.stop();
    await this.#traffic.stop(this.#options.grace);
    this.#admin?.close();
  }

  get snapshot(): Snapshot {
    return this.#control.snapshot;
  }

  /** Lines about a container, by its name or the beginning of its id, or about a URL. */
  explain(subject: string): string[] | undefined {
    return explain(subject, this.#dockers, this.snapshot);
  }

  #adminView() {
    const control = this.#control;
    const traffic = this.#traffic;
    const now = () => this.#clock.now();
    const base = { version: VERSION, now, snapshot: () => control.snapshot, stats: () => traffic.stats() };
    const registry = makeMetrics(base);
    return {
      ...base,
      startedAt: this.#startedAt,
      lastCheck: (backendId: string) => control.check(backendId),
      explain: (subject: string) => this.explain(subject),
      isReady: () => control.isReady && traffic.isServing(control.snapshot.version),
      metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    };
  }
}

/** Also for those who only look: the same lines without a running app. */
export function explain(
  subject: string,
  dockers: readonly DockerSource[],
  snapshot: Snapshot,
): string[] | undefined {
  const reports = dockers.flatMap((docker) => docker.reports);
  const report =
    reports.find(({ container }) => container.name === subject) ??
    (subject.length >= 3 ? reports.find(({ container }) => container.id.startsWith(subject)) : undefined);
  if (report !== undefined) return explainContainer(report, snapshot);
  const isUrl = /[./:*]/.test(subject) || subject === 'localhost';
  return isUrl ? explainUrl(subject, snapshot) : undefined;
}

/** A source for each Engine of the options. Throws when a certificate cannot be read. */
export function dockerSources(options: Options, clock: Clock, log: Log): DockerSource[] {
  const endpoints = options.docker === false ? [] : options.docker;
  const ownIds = ownContainerIds();
  return endpoints.map((endpoint) => {
    const host = endpoint.startsWith('unix:')
      ? 'localhost'
      : new URL(endpoint.replace(/^tcp:/, 'http:')).hostname;
    // Where containers run in a machine of their own (macOS, Windows), only published ports lead to them.
    const isHere = isThisMachine(host) && process.platform === 'linux';
    return new DockerSource({
      name: endpoints.length === 1 ? 'docker' : `docker:${endpoint}`,
      endpoint,
      engine: connectEngine(endpoint, options.dockerCerts),
      clock,
      log,
      ownIds,
      elsewhere: isHere
        ? { kind: 'here' }
        : { kind: 'published', host: isThisMachine(host) ? '127.0.0.1' : host },
    });
  });
}

function logChanges(log: Log, snapshot: Snapshot, before: Snapshot): void {
  for (const line of diffSnapshots(before, snapshot)) log.info(line);
  const known = new Set(before.problems.map(formatProblem));
  for (const problem of snapshot.problems) {
    const line = formatProblem(problem);
    if (!known.delete(line))
      log[problem.severity === 'error' ? 'warn' : 'info']({ source: problem.source }, line);
  }
  for (const line of known) log.info(`solved: ${line}`);
}
