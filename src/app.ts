import { randomBytes } from 'node:crypto';
import { type AdminServer, startAdmin } from './admin/server.ts';
import type { Options } from './config/options.ts';
import { probeWithin, sourceWithin } from './control/border.ts';
import { ControlPlane } from './control/control-plane.ts';
import { connectEngine } from './control/discovery/docker/engine.ts';
import { isThisMachine, nearness, ownContainerIds } from './control/discovery/docker/self.ts';
import { DockerSource } from './control/discovery/docker/source.ts';
import { FileSource } from './control/discovery/file/source.ts';
import type { Source } from './control/discovery/source.ts';
import { makeProbe } from './control/health/probe.ts';
import { PagesFolder, sourceWithPages } from './control/pages.ts';
import { Entrance } from './entrance.ts';
import type { Address } from './model/address.ts';
import type { BackendOrder } from './model/admin.ts';
import { type Clock, systemClock } from './model/clock.ts';
import type { Explanation, Unexplained } from './model/explanation.ts';
import type { Problem } from './model/problem.ts';
import type { BackendSignal } from './model/signal.ts';
import type { Snapshot } from './model/snapshot.ts';
import type { Traffic } from './model/traffic.ts';
import { explainSubject } from './subject.ts';
import { makeChangeLog } from './telemetry/change-log.ts';
import { guardedClock, internalErrors } from './telemetry/internal-errors.ts';
import type { Log } from './telemetry/log.ts';
import { makeMetrics } from './telemetry/metrics.ts';
import { linesLost } from './telemetry/output.ts';
import { VERSION } from './version.ts';
import { borderOf, makePlane, pagesDir } from './worker.ts';
import { LocalTraffic } from './workers/local.ts';
import { spawnWorkers } from './workers/process.ts';
import { Supervisor } from './workers/supervisor.ts';

export interface AppInput {
  readonly options: Options;
  /** The configuration file, whose services are watched. */
  readonly file: string | undefined;
  readonly log: Log;
  /** Sources besides those of the options. */
  readonly sources?: readonly Source[];
  readonly clock?: Clock;
  /** The program that worker processes run; needed for more than one. */
  readonly program?: string;
  /** Standard error is a terminal. */
  readonly isTerminal?: boolean;
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
  /** What tells its requests from those of any other Fairlead. */
  readonly #instance = `fairlead-${randomBytes(4).toString('hex')}`;
  readonly #entrance: Entrance;
  #admin: AdminServer | undefined;

  constructor(input: AppInput) {
    const { options, file, log, sources = [] } = input;
    const clock = guardedClock(input.clock ?? systemClock);
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#dockers = dockerSources(options, clock, log);
    const files = file === undefined ? [] : [new FileSource(file, clock, log)];
    const border = borderOf(options);
    const pages = new PagesFolder(() => pagesDir(options), clock);
    const within = [...this.#dockers, ...files, ...sources].map((source) =>
      sourceWithPages(pages, sourceWithin(border, source)),
    );
    const probe = probeWithin(border, makeProbe(options.maxHeaderSize));
    this.#control = new ControlPlane(within, clock, probe);
    this.#traffic = makeTraffic(input, clock, this.#instance, (signal) => this.#control.signal(signal));
    const { http, startTimeout } = options;
    const [control, traffic] = [this.#control, this.#traffic];
    this.#entrance = new Entrance({ http, startTimeout, control, traffic, clock, log });
    const logChanges = makeChangeLog(log, clock);
    this.#control.subscribe((snapshot, before) => {
      this.#traffic.apply(snapshot);
      logChanges(snapshot, before);
    });
  }

  /**
   * Has its addresses for itself, answers on the admin address, and looks for what there is. Rejects with a sentence for
   * people when an address cannot be listened on.
   */
  async start(): Promise<void> {
    const { admin, adminToken } = this.#options;
    await this.#entrance.reserve();
    if (admin !== false) this.#admin = await startAdmin(admin, adminToken, this.#adminView());
    this.#control.start();
  }

  /**
   * Takes requests, once it is known what there is or `start-timeout` has passed: until then connections are refused.
   * Rejects like `start`; never settles when it is stopped before.
   */
  async open(): Promise<Running> {
    return { http: await this.#entrance.open(), admin: this.#admin?.address };
  }

  /** Stops taking requests and lets those that run finish, for at most the time of grace. */
  async stop(): Promise<void> {
    this.#control.stop();
    this.#entrance.close();
    await this.#traffic.stop(this.#options.grace);
    this.#admin?.close();
  }

  /** Ends it at once, with all that runs. */
  kill(): void {
    this.#traffic.kill();
  }

  /** Replaces the workers without losing a request; one alone cannot be. */
  async reload(): Promise<void> {
    if (this.#entrance.isOpen) await this.#traffic.reload();
  }

  get snapshot(): Snapshot {
    return this.#control.snapshot;
  }

  /** What is known of a container, a service, a backend or a URL. */
  explain(subject: string): Explanation | Unexplained {
    const reports = this.#dockers.flatMap((docker) => docker.reports);
    return explainSubject(subject, reports, this.snapshot, (id) => this.#control.history(id));
  }

  #adminView() {
    const control = this.#control;
    const traffic = this.#traffic;
    const now = () => this.#clock.now();
    const base = {
      version: VERSION,
      instance: this.#instance,
      internalErrors: () => internalErrors.counts,
      now,
      snapshot: () => this.#shownSnapshot(),
      stats: () => traffic.stats(),
      workers: () => traffic.workers(),
      places: () => traffic.places(),
      linesLost,
    };
    const registry = makeMetrics(base);
    return {
      ...base,
      startedAt: this.#startedAt,
      lastCheck: (backendId: string) => control.check(backendId),
      history: (backendId: string) => control.history(backendId),
      explain: (subject: string) => this.explain(subject),
      order: (subject: string, order: BackendOrder) => control.order(subject, order),
      refresh: () => traffic.refresh(),
      readiness: () => this.#entrance.readiness(),
      metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    };
  }

  /** With what is wrong with workers. */
  #shownSnapshot(): Snapshot {
    const alarms = this.#traffic.alarms();
    if (alarms.length === 0) return this.snapshot;
    const problems = alarms.map(
      (message): Problem => ({
        severity: 'error',
        source: 'workers',
        subject: 'Fairlead',
        where: '',
        message,
      }),
    );
    return { ...this.snapshot, problems: [...this.snapshot.problems, ...problems] };
  }
}

/** Where requests are carried: in this process, or in those of several workers. */
function makeTraffic(
  { options, log, program, isTerminal = false }: AppInput,
  clock: Clock,
  instance: string,
  onSignal: (signal: BackendSignal) => void,
): Traffic {
  if (options.workers === 1)
    return new LocalTraffic(makePlane({ ...options, instance }, log, clock, onSignal), clock);
  if (program === undefined) throw new Error('several workers need a program to run');
  const { adminToken: _, maxConnections, ...given } = options;
  return new Supervisor({
    count: options.workers,
    spawn: spawnWorkers(program),
    // Each has its share of what all together may have; 0 is what a process can by itself.
    options: { ...given, instance, maxConnections: Math.ceil(maxConnections / options.workers) },
    isTerminal,
    graceMs: options.grace,
    onSignal,
    log,
    clock,
  });
}

/** A source for each Engine of the options. Throws when a certificate cannot be read. */
export function dockerSources(options: Options, clock: Clock, log: Log): DockerSource[] {
  const endpoints = options.docker === false ? [] : options.docker;
  const ownIds = ownContainerIds();
  return endpoints.map((endpoint) => {
    const socket = endpoint.startsWith('unix://') ? endpoint.slice('unix://'.length) : undefined;
    const host = socket === undefined ? new URL(endpoint.replace(/^tcp:/, 'http:')).hostname : 'localhost';
    // Where containers run in a machine of their own (macOS, Windows), only published ports lead to them.
    const isHere = isThisMachine(host) && process.platform === 'linux';
    return new DockerSource({
      name: endpoints.length === 1 ? 'docker' : `docker:${endpoint}`,
      endpoint,
      engine: connectEngine(endpoint, options.dockerCerts),
      clock,
      log,
      ownIds,
      allow: options.allow,
      filters: options.dockerFilter,
      elsewhere: isHere
        ? { kind: 'here', isNear: nearness(socket, clock) }
        : {
            kind: 'published',
            host: isThisMachine(host) ? '127.0.0.1' : host,
            // Of a machine of its own no bridge is near.
            ...(process.platform === 'linux' && { isNear: nearness(undefined, clock) }),
          },
    });
  });
}
