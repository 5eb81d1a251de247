import type { ContainerInfo } from 'dockerode';
import type { AllowRule } from '../../../model/allow.ts';
import type { Clock } from '../../../model/clock.ts';
import type { Contribution, SourceStatus } from '../../../model/contribution.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { Source } from '../source.ts';
import { Burst } from './burst.ts';
import type { ContainerReport } from './claims.ts';
import { type Container, readContainer } from './container.ts';
import { type Engine, type EngineEvent, explainEngineError } from './engine.ts';
import { GoneClaims } from './gone.ts';
import { LAG_MS, News } from './news.ts';
import type { Reach } from './reach.ts';
import { Reports } from './reports.ts';
import { Stopping } from './stopping.ts';

/** A look at everything, for what no event told; also how a silent loss of the Engine is noticed. */
const FULL_LIST_MS = 30_000;
/** Entries of a list that are read without a pause. */
const SLICE = 25;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;

export interface DockerSourceOptions {
  /** Who may claim what; without any rule everyone may everything. */
  readonly allow: readonly AllowRule[];
  readonly name: string;
  readonly endpoint: string;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  /** Ids that our own container may have. */
  readonly ownIds: readonly string[];
  /** Where containers are reached that are not next to us: `here` is this host's bridge networks. */
  readonly elsewhere: { readonly kind: 'here' } | { readonly kind: 'published'; readonly host: string };
}

/** The services that the containers of one Docker Engine claim by their labels. */
export class DockerSource implements Source {
  readonly name: string;
  readonly #options: DockerSourceOptions;
  readonly #stopping: Stopping;
  readonly #gone: GoneClaims;
  #publish: (contribution: Contribution) => void = () => {};
  readonly #reports = new Reports();
  #drivers: ReadonlyMap<string, string> = new Map();
  #reach: Reach = { kind: 'host', drivers: new Map() };
  #status: SourceStatus;
  /** How often a container ended: a restarted one is another backend, which has to prove its health anew. */
  readonly #deaths = new Map<string, number>();
  /** Containers to ask for. */
  readonly #touched: Burst;
  /** Those that something happened to while all are listed: the list may tell of them as they were before. */
  readonly #touchedMeanwhile = new Set<string>();
  #isContinuing = false;
  #isStopped = false;
  #cancelList: (() => void) | undefined;
  readonly #news: News;
  readonly #rechecks = new Map<string, () => void>();

  constructor(options: DockerSourceOptions) {
    this.#options = options;
    this.name = options.name;
    this.#status = {
      name: options.name,
      target: options.endpoint,
      connected: false,
      staleSince: options.clock.now(),
    };
    this.#gone = new GoneClaims(options.clock);
    this.#news = new News(options.clock);
    this.#touched = new Burst(options.clock, (ids) => this.#ask(ids));
    this.#stopping = new Stopping(options.engine, options.clock, (id) => {
      this.#reports.renew(id);
      this.#contribute();
    });
  }

  watch(publish: (contribution: Contribution) => void, signal: AbortSignal): void {
    this.#publish = (contribution) => {
      if (!signal.aborted) publish(contribution);
    };
    signal.addEventListener('abort', () => this.#forgetQuestions(), { once: true });
    void this.#run(signal);
  }

  /** What became of each container, for `explain`. */
  get reports(): readonly ContainerReport[] {
    return this.#reports.all;
  }

  /** Connects again and again: what was known stays while the Engine is away. */
  async #run(signal: AbortSignal): Promise<void> {
    let backoff = FIRST_BACKOFF_MS;
    while (!signal.aborted) {
      const connection = new AbortController();
      const stop = () => connection.abort();
      signal.addEventListener('abort', stop);
      let why: unknown = new Error('the event stream ended');
      try {
        await this.#follow(connection, () => {
          backoff = FIRST_BACKOFF_MS;
        });
      } catch (error) {
        why = error;
      }
      signal.removeEventListener('abort', stop);
      // When we ended the connection, the stream only tells that, and not why.
      if (!signal.aborted) this.#lost(connection.signal.aborted ? connection.signal.reason : why);
      connection.abort();
      if (!signal.aborted) await this.#sleep(backoff, signal);
      backoff = Math.min(MAX_BACKOFF_MS, backoff * 2);
    }
  }

  /** One connection: subscribes first and lists then, so that nothing happens unseen in between. */
  async #follow(connection: AbortController, onConnected: () => void): Promise<void> {
    const { engine, endpoint, log } = this.#options;
    const { version, api } = await engine.negotiate();
    connection.signal.addEventListener('abort', () => this.#cancelList?.(), { once: true });
    let listed: Promise<void> | undefined;
    const onOpen = () => {
      listed = this.#listAll(connection).then(
        () => {
          onConnected();
          log.info({ endpoint, version, api }, `connected to Docker ${version} (API ${api})`);
        },
        // It ends the connection; the stream's own end is what is waited for.
        (error) => connection.abort(error),
      );
    };
    try {
      await engine.events((event) => this.#onEvent(event), onOpen, connection.signal);
    } finally {
      await listed;
    }
  }

  async #listAll(connection: AbortController): Promise<void> {
    const { engine, clock, name, endpoint } = this.#options;
    this.#touchedMeanwhile.clear();
    const [infos, drivers] = await Promise.all([
      engine.containers(),
      // A filtered socket may not allow it: networks are then taken for bridges.
      engine.networkDrivers().catch(() => new Map<string, string>()),
    ]);
    if (connection.signal.aborted) return;
    this.#drivers = drivers;
    const containers = await this.#readInSlices(infos);
    if (connection.signal.aborted) return;
    this.#reports.take(containers);
    this.#status = { name, target: endpoint, connected: true };
    this.#contribute();
    this.#touched.add(...this.#touchedMeanwhile);
    this.#cancelList = clock.after(FULL_LIST_MS, () => {
      this.#listAll(connection).catch((error) => connection.abort(error));
    });
  }

  #onEvent(event: EngineEvent): void {
    const { containerId, action } = event;
    this.#stopping.onEvent(event);
    this.#news.hear(event);
    if (action === 'die') this.#deaths.set(containerId, (this.#deaths.get(containerId) ?? 0) + 1);
    else if (action === 'destroy') this.#deaths.delete(containerId);
    this.#touchedMeanwhile.add(containerId);
    this.#touched.add(containerId);
    // Once more when the list has caught up, for what an event does not say.
    this.#rechecks.get(containerId)?.();
    this.#rechecks.set(
      containerId,
      this.#options.clock.after(LAG_MS, () => this.#askAgain(containerId)),
    );
  }

  #forgetQuestions(): void {
    this.#isStopped = true;
    this.#touched.stop();
    for (const cancel of this.#rechecks.values()) cancel();
    this.#rechecks.clear();
  }

  #askAgain(containerId: string): void {
    this.#rechecks.delete(containerId);
    this.#touched.add(containerId);
  }

  /** Asks for the containers that something happened to. */
  async #ask(ids: readonly string[]): Promise<void> {
    try {
      const infos = await this.#options.engine.containers(ids);
      this.#reports.take(await this.#readInSlices(infos), ids);
      for (const id of ids) this.#reports.renew(id);
      this.#contribute();
    } catch (error) {
      // The next full list makes up for it, and a lost Engine is noticed by its stream.
      this.#options.log.debug({ error: String(error) }, 'a question to Docker failed');
    }
  }

  /** A list of thousands must not keep requests waiting. */
  async #readInSlices(infos: readonly ContainerInfo[]): Promise<Container[]> {
    const containers: Container[] = [];
    for (let i = 0; i < infos.length; i += SLICE) {
      if (i > 0) await new Promise((resolve) => setImmediate(resolve));
      containers.push(...this.#readAll(infos.slice(i, i + SLICE)));
    }
    return containers;
  }

  #readAll(infos: readonly ContainerInfo[]): Container[] {
    return infos.flatMap((info) => {
      try {
        const container = this.#reports.known(this.#news.correct(readContainer(info)));
        return container.id === '' ? [] : [container];
      } catch (error) {
        this.#options.log.warn({ error: String(error) }, 'an entry of the list of containers cannot be read');
        return [];
      }
    });
  }

  #lost(error: unknown): void {
    const { endpoint, clock, log } = this.#options;
    const message = explainEngineError(error, endpoint);
    const isNews = this.#status.connected || this.#status.error !== message;
    const staleSince = this.#status.staleSince ?? clock.now();
    this.#status = { ...this.#status, connected: false, staleSince, error: message };
    log[isNews ? 'warn' : 'debug']({ endpoint }, `Docker does not answer, what is known stays: ${message}`);
    this.#contribute();
  }

  #contribute(): void {
    this.#updateReach();
    const context = {
      source: this.name,
      reach: this.#reach,
      stopping: this.#stopping.signals,
      deaths: this.#deaths,
      allow: this.#options.allow,
    };
    const { claims, problems, isWhole } = this.#reports.read(context);
    const contribution = { claims: [...claims, ...this.#gone.update(claims)], problems };
    this.#publish({ status: this.#status, ...contribution, ...(!isWhole && { isPartial: true }) });
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
    if (JSON.stringify(reachKey(reach)) === JSON.stringify(reachKey(this.#reach))) return;
    this.#reach = reach;
    this.#reports.renewAll();
  }

  #currentReach(): Reach {
    const { ownIds, elsewhere } = this.#options;
    for (const container of this.#reports.containers()) {
      if (ownIds.some((id) => container.id.startsWith(id)))
        return { kind: 'container', self: container, drivers: this.#drivers };
    }
    return elsewhere.kind === 'published' ? elsewhere : { kind: 'host', drivers: this.#drivers };
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.#options.clock.after(ms, wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** What of a reach the reports depend on. */
function reachKey(reach: Reach): unknown {
  if (reach.kind === 'published') return reach.host;
  if (reach.kind === 'host') return [...reach.drivers];
  const { id, networks, isOnHostNetwork } = reach.self;
  return [id, isOnHostNetwork ? [...reach.drivers] : networks, isOnHostNetwork];
}
