import type { AllowRule } from '../../../model/allow.ts';
import type { Clock } from '../../../model/clock.ts';
import type { ContainerFilter } from '../../../model/container-filter.ts';
import type { Contribution } from '../../../model/contribution.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { Source } from '../source.ts';
import { type Explained, explainFrom } from '../workload.ts';
import type { Container } from './container.ts';
import { Details } from './details.ts';
import { Endings } from './endings.ts';
import type { Engine } from './engine.ts';
import { EngineConnection } from './engine-connection.ts';
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
import { type Elsewhere, reachFrom } from './whereabouts.ts';

/** The most containers that are asked for by id, since the ids are part of the URL. For more of them all are listed. */
const MAX_ASKED = 500;

export interface DockerSourceOptions {
  /** The rules on who may claim what; without any rule everyone may claim everything. */
  readonly allow: readonly AllowRule[];
  /** The filters that choose which containers are looked at; all of them without any. */
  readonly filters?: readonly ContainerFilter[];
  readonly name: string;
  readonly endpoint: string;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  /** Ids that Fairlead's own container may have. */
  readonly ownIds: readonly string[];
  readonly elsewhere: Elsewhere;
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
  readonly #connection: EngineConnection<EngineEvent>;
  readonly #endings: Endings;
  readonly #touched: Touched;
  readonly #recentEvents: RecentEvents;
  readonly #details: Details;
  readonly #reader: Reader;
  /** The number of entries without an id in the latest list. */
  #unreadable = 0;
  #isContinuing = false;
  #isStopped = false;
  #hasSpoken = false;
  #allow: readonly AllowRule[];

  constructor(options: DockerSourceOptions) {
    this.#options = options;
    this.#allow = options.allow;
    this.name = options.name;
    this.#connection = new EngineConnection({
      ...options,
      list: (connection) => this.#list(connection),
      onEvent: (event) => this.#onEvent(event),
      onLost: () => this.#contribute(),
    });
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
    // This first contribution shows which source the start waits for.
    this.#publish({ status: this.#connection.status, claims: [], problems: [], isPartial: true });
    this.#connection.follow(signal);
  }

  /** Replaces the rules on who may claim what, and judges all containers by them at once. */
  judgeBy(allow: readonly AllowRule[]): void {
    this.#allow = allow;
    this.#reports.renewAll();
    if (this.#hasSpoken) this.#contribute();
  }

  explain(subject: string): Explained {
    return explainFrom(this.#reports.all, subject);
  }

  #list(connection: AbortController): Lists {
    const { engine, clock } = this.#options;
    return new Lists({
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
  }

  /** Takes a list of all containers. */
  #take(containers: readonly Container[], drivers: ReadonlyMap<string, string>): void {
    this.#drivers = drivers;
    this.#reports.take(containers);
    const ids = new Set(containers.map(({ id }) => id));
    this.#endings.take(containers);
    this.#details.keep(ids);
    this.#connection.listed();
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

  /** Asks for containers that had events. */
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
      status: this.#connection.status,
      claims: [...claims, ...this.#remembered.update(claims)],
      problems: [
        ...problems,
        ...engineProblems(this.#connection.status, this.#unreadable, foreign),
        ...this.#endings.problems(this.name, (id) => this.#reports.routedName(id)),
      ],
      ...(!isWhole && { isPartial: true }),
    });
    if (!isWhole && !this.#isContinuing) this.#continue();
  }

  /** Goes on with the rest in the next turn. */
  #continue(): void {
    this.#isContinuing = true;
    setImmediate(() => {
      this.#isContinuing = false;
      if (!this.#isStopped) this.#contribute();
    });
  }

  /** Finds out how containers are reached. If Fairlead is one of them and its networks have changed, all others are looked at again. */
  #updateReach(): void {
    const { ownIds, elsewhere } = this.#options;
    const reach = reachFrom({
      ownIds,
      elsewhere,
      drivers: this.#drivers,
      containers: () => this.#reports.containers(),
      connected: (container) => this.#reports.connected(container),
    });
    if (reachKey(reach) === reachKey(this.#reach)) return;
    this.#reach = reach;
    this.#reports.renewAll();
  }
}
