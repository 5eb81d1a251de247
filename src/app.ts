import { fileURLToPath } from 'node:url';
import { type AdminServer, startAdmin } from './admin/server.ts';
import type { Options } from './config/options.ts';
import { ControlPlane } from './control/control-plane.ts';
import { connectEngine } from './control/discovery/docker/engine.ts';
import { isThisMachine, ownContainerIds } from './control/discovery/docker/self.ts';
import { DockerSource } from './control/discovery/docker/source.ts';
import { FileSource } from './control/discovery/file/source.ts';
import type { Source } from './control/discovery/source.ts';
import { probe } from './control/health/probe.ts';
import { defaultMaxConnections, descriptorLimit } from './data/descriptors.ts';
import { DataPlane } from './data/plane.ts';
import { explainContainer, explainUrl } from './explain.ts';
import type { Address } from './model/address.ts';
import { type Clock, systemClock } from './model/clock.ts';
import { formatProblem } from './model/problem.ts';
import { diffSnapshots, type Snapshot } from './model/snapshot.ts';
import { type AccessLog, openAccessLog } from './telemetry/access-log.ts';
import type { AccessEntry } from './telemetry/events.ts';
import type { Log } from './telemetry/log.ts';
import { makeMetrics } from './telemetry/metrics.ts';
import { VERSION } from './version.ts';

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

/** Failures that are logged each second; more are only counted. */
const MAX_ERRORS_LOGGED = 20;

/** Joins the parts: each is handed its slice of the options and what it needs of the others. */
export class App {
  readonly #options: Options;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #dockers: readonly DockerSource[];
  readonly #control: ControlPlane;
  readonly #data: DataPlane;
  readonly #accessLog: AccessLog | undefined;
  readonly #startedAt: number;
  #admin: AdminServer | undefined;
  #errorsLogged = 0;

  constructor({ options, file, log, sources = [], clock = systemClock }: AppInput) {
    this.#options = options;
    this.#log = log;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#dockers = dockerSources(options, clock, log);
    const files = file === undefined ? [] : [new FileSource(file, clock, log)];
    this.#control = new ControlPlane([...this.#dockers, ...files, ...sources], clock, probe);
    this.#accessLog = options.accessLog === 'off' ? undefined : openAccessLog(options.accessLog);
    const onAccess = this.#accessLog?.write;
    this.#data = new DataPlane(
      {
        ...options,
        pages: options.pages || fileURLToPath(new URL('../config/pages', import.meta.url)),
        maxConnections: options.maxConnections || defaultMaxConnections(descriptorLimit()),
      },
      { ...(onAccess && { onAccess }), onError: (entry) => this.#logError(entry) },
      clock,
    );
    this.#control.subscribe((snapshot, before) => {
      this.#data.apply(snapshot);
      logChanges(log, snapshot, before);
    });
  }

  /** Rejects with a sentence for people when an address cannot be listened on. */
  async start(): Promise<Running> {
    const { http, admin, adminToken } = this.#options;
    const bound = await this.#data.listen(http);
    if (admin !== false) this.#admin = await startAdmin(admin, adminToken, this.#adminView());
    this.#control.start();
    return { http: bound, admin: this.#admin?.address };
  }

  /** Stops taking requests and lets those that run finish, for at most the time of grace. */
  async stop(): Promise<void> {
    this.#control.stop();
    await this.#data.stop(this.#options.grace);
    this.#admin?.close();
    this.#accessLog?.flush();
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
    const data = this.#data;
    const now = () => this.#clock.now();
    const base = { version: VERSION, now, snapshot: () => control.snapshot, stats: () => data.stats() };
    const registry = makeMetrics(base);
    return {
      ...base,
      startedAt: this.#startedAt,
      lastCheck: (backendId: string) => control.check(backendId),
      explain: (subject: string) => this.explain(subject),
      isReady: () => control.isReady && !data.isStopping,
      metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    };
  }

  #logError(entry: AccessEntry): void {
    const { status, service, backend, attempts, error, detail, requestId } = entry;
    if (this.#errorsLogged === 0) {
      this.#clock.after(1_000, () => {
        const more = this.#errorsLogged - MAX_ERRORS_LOGGED;
        if (more > 0) this.#log.warn(`${more} more errors in the last second`);
        this.#errorsLogged = 0;
      });
    }
    if (++this.#errorsLogged > MAX_ERRORS_LOGGED) return;
    // What a retry overcame is no trouble for anybody.
    const level = status >= 500 ? 'warn' : 'debug';
    this.#log[level](
      { service, backend, attempts, requestId },
      `${status} ${requestOf(entry)}: ${error} (${detail})`,
    );
  }
}

/** Which request it was; of a connection that was refused none is known. */
function requestOf({ method, host, target, client }: AccessEntry): string {
  return method === '' ? `connection of ${client}` : `${method} ${host}${target}`;
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
