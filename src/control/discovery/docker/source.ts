import { isIP } from 'node:net';
import type { AllowRule } from '../../../model/allow.ts';
import type { Clock } from '../../../model/clock.ts';
import type { ContainerFilter } from '../../../model/container-filter.ts';
import type { Contribution, SourceStatus } from '../../../model/contribution.ts';
import { guarded } from '../../../telemetry/internal-errors.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { Source } from '../source.ts';
import type { ContainerReport } from './claims.ts';
import { stayConnected } from './connection.ts';
import type { Container } from './container.ts';
import { Details } from './details.ts';
import { Endings } from './endings.ts';
import type { Engine } from './engine.ts';
import { explainEngineError } from './engine-error.ts';
import { engineProblems } from './engine-problems.ts';
import type { EngineEvent } from './event.ts';
import { Lists } from './lists.ts';
import { type Reach, reachKey } from './reach.ts';
import { Reader } from './reader.ts';
import { RecentEvents } from './recent-events.ts';
import { RememberedClaims } from './remembered-claims.ts';
import { Reports } from './reports.ts';
import { Stopping } from './stopping.ts';
import { Touched } from './touched.ts';

/** More are not asked for by their ids, which stand in the question, but by a list of all. */
const MAX_ASKED = 500;

export interface DockerSourceOptions {
  /** Who may claim what; without any rule everyone may everything. */
  readonly allow: readonly AllowRule[];
  /** Which containers are looked at; all without any. */
  readonly filters?: readonly ContainerFilter[];
  readonly name: string;
  readonly endpoint: string;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  /** Ids that our own container may have. */
  readonly ownIds: readonly string[];
  /** Where containers are reached that are not next to us: `here` is this host's bridge networks. */
  readonly elsewhere:
    | {
        readonly kind: 'here';
        /** Whether the containers behind a gateway are reached from this host; all are where it is not said. */
        readonly isNear?: (gateway: string) => boolean;
      }
    | {
        readonly kind: 'published';
        readonly host: string;
        /** The same: an address of the Engine that is one of its containers behind a near gateway is on this host. */
        readonly isNear?: (gateway: string) => boolean;
      };
}

/** The services that the containers of one Docker Engine claim by their labels. */
export class DockerSource implements Source {
  readonly name: string;
  readonly #options: DockerSourceOptions;
  readonly #stopping: Stopping;
  readonly #remembered: RememberedClaims;
  #publish: (contribution: Contribution) => void = () => {};
  readonly #reports = new Reports();
  #drivers: ReadonlyMap<string, string> = new Map();
  #reach: Reach = { kind: 'host', drivers: new Map() };
  #status: SourceStatus;
  readonly #endings: Endings;
  readonly #touched: Touched;
  readonly #recentEvents: RecentEvents;
  readonly #details: Details;
  readonly #reader: Reader;
  /** Entries of the latest list without an id. */
  #unreadable = 0;
  #isContinuing = false;
  #isStopped = false;
  #hasSpoken = false;
  #allow: readonly AllowRule[];

  constructor(options: DockerSourceOptions) {
    this.#options = options;
    this.#allow = options.allow;
    this.name = options.name;
    this.#status = {
      name: options.name,
      target: options.endpoint,
      connected: false,
      staleSince: options.clock.now(),
    };
    this.#remembered = new RememberedClaims(options.clock);
    this.#recentEvents = new RecentEvents(options.clock);
    this.#details = new Details(options.engine);
    this.#reader = new Reader({
      details: this.#details,
      finish: (container) => this.#reports.known(this.#recentEvents.correct(container)),
      isNear: options.elsewhere.isNear,
    });
    this.#endings = new Endings(options.clock, () => this.#contribute());
    this.#touched = new Touched(options.clock, (ids) => this.#ask(ids));
    this.#stopping = new Stopping(options.engine, options.clock, (id) => {
      this.#reports.renew(id);
      this.#contribute();
    });
  }

  watch(publish: (contribution: Contribution) => void, signal: AbortSignal): void {
    this.#publish = (contribution) => {
      if (!signal.aborted) publish(contribution);
    };
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    // So that it is seen who is waited for.
    this.#publish({ status: this.#status, claims: [], problems: [], isPartial: true });
    const { clock } = this.#options;
    const connect = (connection: AbortController, onConnected: () => void) =>
      this.#follow(connection, onConnected);
    // What was known stays while the Engine is away.
    void stayConnected({ clock, connect, onLost: (reason) => this.#lost(reason) }, signal);
  }

  /** Other rules of who may claim what: all containers are judged by them at once. */
  judgeBy(allow: readonly AllowRule[]): void {
    this.#allow = allow;
    this.#reports.renewAll();
    if (this.#hasSpoken) this.#contribute();
  }

  /** What became of each container, for `explain`. */
  get reports(): readonly ContainerReport[] {
    return this.#reports.all;
  }

  /** One connection: subscribes first and lists then, so that nothing happens unseen in between. */
  async #follow(connection: AbortController, onConnected: () => void): Promise<void> {
    const { engine, endpoint, clock, log } = this.#options;
    const { version, api } = await engine.negotiate();
    const lists = new Lists({
      engine,
      clock,
      read: async (entries) => {
        const containers = await this.#reader.read(entries);
        this.#unreadable = entries.length - containers.length;
        return containers;
      },
      known: () => this.#reports.containers(),
      take: (containers, drivers) => this.#take(containers, drivers),
      askAgain: (ids) => this.#touched.ask(ids),
      connection,
    });
    let listed: Promise<void> | undefined;
    const onOpen = () => {
      listed = lists.first().then(
        () => {
          if (connection.signal.aborted) return;
          onConnected();
          log.info({ endpoint, version, api }, `connected to Docker ${version} (API ${api})`);
        },
        // It ends the connection; the stream's own end is what is waited for.
        (error) => connection.abort(error),
      );
    };
    const onEvent = (event: EngineEvent | undefined) => {
      lists.hear(event);
      if (event !== undefined) this.#onEvent(event);
    };
    try {
      await engine.events(guarded('source', onEvent), onOpen, connection.signal);
    } finally {
      await listed;
    }
  }

  /** All that there is. */
  #take(containers: readonly Container[], drivers: ReadonlyMap<string, string>): void {
    this.#drivers = drivers;
    this.#reports.take(containers);
    const ids = new Set(containers.map(({ id }) => id));
    this.#endings.take(containers);
    this.#details.keep(ids);
    this.#status = { name: this.name, target: this.#options.endpoint, connected: true };
    this.#contribute();
  }

  #onEvent(event: EngineEvent): void {
    this.#stopping.onEvent(event);
    this.#recentEvents.hear(event);
    this.#endings.hear(event);
    this.#touched.add(event.containerId);
  }

  #stop(): void {
    this.#isStopped = true;
    this.#touched.stop();
    this.#endings.stop();
  }

  /** Asks for the containers that something happened to. */
  async #ask(ids: readonly string[]): Promise<void> {
    try {
      const asked = ids.length > MAX_ASKED ? undefined : ids;
      const wanted = new Set(ids);
      const entries = await this.#options.engine.containers(asked);
      const containers = await this.#reader.read(entries);
      this.#reports.take(
        containers.filter(({ id }) => wanted.has(id)),
        ids,
      );
      for (const id of ids) this.#reports.renew(id);
      this.#contribute();
    } catch (error) {
      // The next full list makes up for it, and a lost Engine is noticed by its stream.
      this.#options.log.debug({ error: String(error) }, 'a question to Docker failed');
    }
  }

  #lost(error: unknown): void {
    const { endpoint, clock, log } = this.#options;
    const message = explainEngineError(error, endpoint);
    const staleSince = this.#status.staleSince ?? clock.now();
    this.#status = { ...this.#status, connected: false, staleSince, error: message };
    // It is told once, as a problem; each try again is a matter of detail.
    log.debug({ endpoint }, `Docker does not answer: ${message}`);
    this.#contribute();
  }

  #contribute(): void {
    this.#hasSpoken = true;
    this.#updateReach();
    const context = {
      source: this.name,
      reach: this.#reach,
      stopping: this.#stopping.signals,
      deaths: this.#endings.counts,
      allow: this.#allow,
      filters: this.#options.filters ?? [],
    };
    const { claims, problems, foreign, isWhole } = this.#reports.read(context);
    this.#publish({
      status: this.#status,
      claims: [...claims, ...this.#remembered.update(claims)],
      problems: [
        ...problems,
        ...engineProblems(this.#status, this.#unreadable, foreign),
        ...this.#endings.problems(this.name, (id) => this.#reports.routedName(id)),
      ],
      ...(!isWhole && { isPartial: true }),
    });
    if (!isWhole && !this.#isContinuing) this.#continue();
  }

  /** The rest, a portion each turn. */
  #continue(): void {
    this.#isContinuing = true;
    setImmediate(() => {
      this.#isContinuing = false;
      if (!this.#isStopped) this.#contribute();
    });
  }

  /** Whether we are one of the containers, and on which networks, decides how all others are reached. */
  #updateReach(): void {
    const reach = this.#currentReach();
    if (reachKey(reach) === reachKey(this.#reach)) return;
    this.#reach = reach;
    this.#reports.renewAll();
  }

  #currentReach(): Reach {
    const { ownIds, elsewhere } = this.#options;
    if (ownIds.length > 0) {
      for (const container of this.#reports.containers()) {
        if (ownIds.some((id) => container.id.startsWith(id)))
          return { kind: 'container', self: this.#reports.connected(container), drivers: this.#drivers };
      }
    }
    const isHere = elsewhere.kind === 'here' || this.#isBehindOwnContainer(elsewhere);
    return isHere ? { kind: 'host', drivers: this.#drivers } : elsewhere;
  }

  /** Whether the Engine is asked by way of one of its containers, such as a filter, on a bridge of this machine. */
  #isBehindOwnContainer({ host, isNear }: { host: string; isNear?: (gateway: string) => boolean }): boolean {
    if (isNear === undefined || isIP(host) === 0) return false;
    for (const { networks } of this.#reports.containers())
      if (
        networks.some((one) => one.address === host && !one.isFar && this.#drivers.get(one.id) === 'bridge')
      )
        return true;
    return false;
  }
}
