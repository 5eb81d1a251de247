import { randomBytes } from 'node:crypto';
import { type AdminServer, type AdminView, startAdmin } from './admin/admin-server.ts';
import { adminView } from './admin-view.ts';
import { listenersOf } from './config/listeners.ts';
import type { Options } from './config/options.ts';
import { PARTS, type Part } from './config/parts.ts';
import type { Reload } from './config/reload.ts';
import { isForAll, readText } from './config/text-file.ts';
import { ControlPlane } from './control/control-plane.ts';
import { DockerSource } from './control/discovery/docker/docker-source.ts';
import { connectEngine } from './control/discovery/docker/engine.ts';
import { isThisMachine, nearness, ownContainerIds } from './control/discovery/docker/self.ts';
import { FileSource } from './control/discovery/file/file-source.ts';
import type { Source } from './control/discovery/source.ts';
import { makeProbe, type Probe } from './control/health/probe.ts';
import { sourceWithHttps } from './control/https.ts';
import { MemoryOverrideStore, type OverrideStore } from './control/override-store.ts';
import { PagesFolder, sourceWithPages } from './control/pages.ts';
import { probeWithin, type SourceWithin, sourceWithin } from './control/within-border.ts';
import { type DataPlaneInput, dataPlaneOptions, makeDataPlaneHost } from './data-plane-host.ts';
import { Entrance } from './entrance.ts';
import type { Address } from './model/address.ts';
import type { Border } from './model/border.ts';
import { type Clock, systemClock } from './model/clock.ts';
import type { DataPlaneHost } from './model/data-plane.ts';
import type { Explanation, Unexplained } from './model/explanation.ts';
import type { Keyring } from './model/keyring.ts';
import type { Listener } from './model/listener.ts';
import { formatProblem, type Problem } from './model/problem.ts';
import type { Snapshot } from './model/snapshot.ts';
import { pagesDir } from './shipped.ts';
import { explainSubject } from './subject.ts';
import { makeChangeLog } from './telemetry/change-log.ts';
import { guarded, guardedClock } from './telemetry/internal-errors.ts';
import type { Log, LogOptions } from './telemetry/log.ts';
import { borderOf } from './worker-app.ts';

export interface AppInput extends DataPlaneInput {
  /** The configuration file, whose services are watched. */
  readonly file: string | undefined;
  /** The content of that file when the options were read. */
  readonly text?: string | undefined;
  /** Reads the options again; without it they stay as they are. */
  readonly reload?: Reload;
  /** Passes changed options on to the log. */
  readonly changeLog?: (options: LogOptions) => void;
  /** Sources besides those of the options. */
  readonly sources?: readonly Source[];
  /** Where the orders of people are kept; in memory without one. */
  readonly overrides?: OverrideStore;
  readonly clock?: Clock;
}

/** Where a running app is reached. */
export interface Running {
  readonly listeners: readonly Listener[];
  readonly admin: Address | undefined;
}

/** Joins the parts: each is handed its slice of the options and what it needs of the others. */
export class App {
  readonly #input: AppInput;
  #options: Options;
  readonly #clock: Clock;
  readonly #dockers: readonly DockerSource[];
  readonly #file: FileSource | undefined;
  readonly #sources: readonly SourceWithin[];
  readonly #border: Border;
  /** The addresses where labels may lead besides public ones. */
  #allowed: Border['allowed'];
  /** What is wrong with the options when there is no file; with a file its source reports it. */
  #problems: readonly Problem[] = [];
  readonly #control: ControlPlane;
  readonly #dataPlane: DataPlaneHost;
  readonly #startedAt: number;
  /** Marks the requests that this Fairlead forwarded, so that it knows one that comes back. */
  readonly #instance = `fairlead-${randomBytes(4).toString('hex')}`;
  readonly #entrance: Entrance;
  #admin: AdminServer | undefined;

  constructor(input: AppInput) {
    const { options, log, sources = [], overrides = new MemoryOverrideStore() } = input;
    const clock = guardedClock(input.clock ?? systemClock);
    this.#input = input;
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#dockers = dockerSources(options, clock, log);
    this.#file = this.#watchFile(clock);
    const border = borderOf(options);
    const allowed = () => this.#allowed;
    this.#allowed = border.allowed;
    this.#border = {
      ...border,
      get allowed() {
        return allowed();
      },
    };
    const files = this.#file === undefined ? [] : [this.#file];
    this.#sources = [...this.#dockers, ...files, ...sources].map((source) =>
      sourceWithin(this.#border, source),
    );
    const pages = new PagesFolder(() => pagesDir(this.#options), clock);
    const listeners = listenersOf(options);
    const told = this.#sources.map((source) => sourceWithHttps(listeners, sourceWithPages(pages, source)));
    const probe: Probe = (...asked) => makeProbe(this.#options.maxHeaderSize)(...asked);
    this.#control = new ControlPlane(told, clock, probeWithin(this.#border, probe), {
      overrides,
      ...(options.https !== false && { certificates: { ...options, files: { readText, isForAll } } }),
    });
    this.#dataPlane = makeDataPlaneHost(input, clock, this.#instance, (signal) =>
      this.#control.signal(signal),
    );
    const [control, dataPlane] = [this.#control, this.#dataPlane];
    const { startTimeout } = options;
    this.#entrance = new Entrance({ listeners, startTimeout, control, dataPlane, clock, log });
    this.#control.onKeyring((keyring) => this.#dataPlane.adoptKeyring(keyring));
    const logChanges = makeChangeLog(log, clock);
    this.#control.subscribe((snapshot, before) => {
      this.#dataPlane.apply(snapshot);
      logChanges(snapshot, before);
    });
  }

  /**
   * Reserves the addresses for clients, answers on the admin address and starts the sources. Rejects with a sentence for
   * people when an address cannot be listened on.
   */
  async start(): Promise<void> {
    const { admin, adminToken } = this.#options;
    await this.#entrance.reserve();
    if (admin !== false) this.#admin = await startAdmin(admin, adminToken, this.#adminView);
    this.#control.start();
  }

  /**
   * Takes requests once the sources were heard or `start-timeout` has passed; until then connections are refused. Rejects
   * like `start`; never settles when the app is stopped before.
   */
  async open(): Promise<Running> {
    return { listeners: await this.#entrance.open(), admin: this.#admin?.address };
  }

  /** Stops taking requests and lets running ones finish, for `grace` at most. */
  async stop(): Promise<void> {
    this.#control.stop();
    this.#entrance.close();
    await this.#dataPlane.stop(this.#options.grace);
    this.#admin?.close();
  }

  /** Ends everything at once, including the requests that run. */
  kill(): void {
    this.#dataPlane.kill();
  }

  /** How long running requests may go on after `stop`. */
  get graceMs(): number {
    return this.#options.grace;
  }

  /** Reads the options again and replaces worker processes without losing a request; a data plane in this process stays. */
  async reload(): Promise<void> {
    if (this.#file !== undefined) this.#file.again();
    else {
      this.#problems = this.#reread(undefined);
      for (const problem of this.#problems) this.#input.log.warn(formatProblem(problem));
    }
    if (this.#entrance.isOpen) await this.#dataPlane.reload();
  }

  #watchFile(clock: Clock): FileSource | undefined {
    const { file: path, text, log } = this.#input;
    if (path === undefined) return undefined;
    const onText = (text: string) => this.#reread(text);
    return new FileSource({ path, text, clock, log, readText, onText });
  }

  /** Reads the options again and tells the parts what changed; returns what is wrong with them. */
  #reread(text: string | undefined): readonly Problem[] {
    const { reload, log } = this.#input;
    if (reload === undefined) return [];
    const { options, changed, lines, problems } = reload.read(text);
    this.#options = options;
    const parts = new Set(changed.flatMap((key) => PARTS[key]));
    for (const line of lines) log.info(line);
    for (const part of parts) guarded('source', () => this.#tell(part))();
    return problems;
  }

  #tell(part: Part): void {
    const options = this.#options;
    switch (part) {
      case 'traffic':
        return this.#dataPlane.adopt(dataPlaneOptions(options, this.#instance), options.grace);
      case 'log':
        return this.#input.changeLog?.(options);
      case 'admin':
        return this.#admin?.askFor(options.adminToken);
      case 'docker':
        for (const docker of this.#dockers) docker.judgeBy(options.allow);
        return;
      case 'border':
        this.#allowed = borderOf(options).allowed;
        for (const source of this.#sources) source.judgeAgain();
    }
  }

  get snapshot(): Snapshot {
    return this.#control.snapshot;
  }

  /** What TLS goes by: there are private keys in it. */
  get keyring(): Keyring {
    return this.#control.keyring;
  }

  /** Explains what is known of a container, a service, a backend or a URL. */
  explain(subject: string): Explanation | Unexplained {
    const history = (id: string) => this.#control.history(id);
    return explainSubject(subject, this.#sources, this.snapshot, history, [], this.#control.certificates);
  }

  get #adminView(): AdminView {
    return adminView({
      control: this.#control,
      dataPlane: this.#dataPlane,
      entrance: this.#entrance,
      clock: this.#clock,
      instance: this.#instance,
      startedAt: this.#startedAt,
      snapshot: () => this.#shownSnapshot(),
      explain: (subject) => this.explain(subject),
    });
  }

  /** The snapshot with the problems of workers and options added. */
  #shownSnapshot(): Snapshot {
    const alarms = this.#dataPlane.alarms().map(alarmProblem);
    const others = [...this.#problems, ...alarms];
    return others.length === 0 ? this.snapshot : withProblems(this.snapshot, others);
  }
}

function withProblems(snapshot: Snapshot, others: readonly Problem[]): Snapshot {
  return { ...snapshot, problems: [...snapshot.problems, ...others] };
}

function alarmProblem(message: string): Problem {
  return { severity: 'error', source: 'workers', subject: 'Fairlead', where: '', message };
}

/** Makes a source for each Docker Engine of the options. Throws when a certificate cannot be read. */
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
            // Where containers run in another machine, none of this machine's bridges leads to them.
            ...(process.platform === 'linux' && { isNear: nearness(undefined, clock) }),
          },
    });
  });
}
