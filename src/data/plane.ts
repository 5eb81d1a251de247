import type { Socket } from 'node:net';
import type { Address } from '../model/address.ts';
import type { Border } from '../model/border.ts';
import type { Clock } from '../model/clock.ts';
import type { Proof } from '../model/health.ts';
import type { Listener } from '../model/listener.ts';
import type { BackendSignal } from '../model/signal.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { TrafficStats } from '../model/stats.ts';
import type { BoundTo } from '../model/traffic.ts';
import type { AccessEntry } from '../telemetry/events.ts';
import { guarded, guardedClock, internalErrors } from '../telemetry/internal-errors.ts';
import { GRACE_OVER, isNews, ProxyError } from './errors.ts';
import { ClientConnection } from './http1/client-connection.ts';
import type { ServerContext } from './http1/server-context.ts';
import type { UpstreamContext } from './http1/upstream-context.ts';
import { Admission } from './listener/admission.ts';
import { isThroughProxy } from './listener/client-address.ts';
import { Intake } from './listener/intake.ts';
import { Shares } from './listener/shares.ts';
import { type Judges, LiveTopology } from './live-topology.ts';
import { accessEntry, refusedEntry } from './proxy/access-entry.ts';
import type { Exchange } from './proxy/exchange.ts';
import type { Exchanges } from './proxy/exchanges.ts';
import { Fallbacks } from './proxy/fallback.ts';
import { Forwarder } from './proxy/forward.ts';
import type { ForwardContext } from './proxy/forward-context.ts';
import { ExchangeGuard } from './proxy/guard.ts';
import type { RouteTable } from './routing/table.ts';
import { type DataOptions, makeSettings, type Settings } from './settings.ts';
import { type Listening, listenTcp } from './socket/listen.ts';
import { Sweep } from './sweep.ts';
import type { BackendState } from './upstream/backend-state.ts';
import { Ejector } from './upstream/ejection.ts';
import { HangWatch } from './upstream/hang.ts';
import type { ServiceState } from './upstream/service-state.ts';

/** With what is the same for as long as it runs. */
export interface PlaneOptions extends DataOptions {
  /** Its name in the Via of requests, by which it knows those that come back; the same in all workers. */
  readonly instance: string;
}

/** Who hears of finished requests. */
export interface DataEvents {
  /** Every one, for the access log; absent when there is none. */
  readonly onAccess?: (entry: AccessEntry) => void;
  /** Those that ended in an error that an operator may want to do something about (`isNews`). */
  readonly onError: (entry: AccessEntry) => void;
  /** What requests told of a backend's health. */
  readonly onSignal?: (signal: BackendSignal) => void;
}

const TOO_MANY = new ProxyError('too-many-requests', 'too many requests of this client at a time');

/** Whoever hears of requests breaks none. */
function guardedEvents({ onAccess, onError, onSignal }: DataEvents): DataEvents {
  return {
    ...(onAccess && { onAccess: guarded('log', onAccess) }),
    onError: guarded('log', onError),
    ...(onSignal && { onSignal: guarded('channel', onSignal) }),
  };
}

/** Takes connections and serves them by the latest snapshot. */
export class DataPlane implements ServerContext, Exchanges, ForwardContext, Judges {
  readonly intake = new Intake();
  readonly sweep: Sweep;
  settings: Settings;
  readonly instance: string;
  fallbacks: Fallbacks;
  readonly ejector: Ejector;
  readonly upstream: UpstreamContext;
  readonly guard: ExchangeGuard;
  readonly clients: Admission;
  readonly exchanges: Exchanges = this;
  readonly #clock: Clock;
  #events: DataEvents;
  readonly #applied: LiveTopology;
  readonly #watch: HangWatch;
  /** The requests that trusted proxies send for clients. */
  readonly #requests: Shares<Exchange>;
  readonly #listening: Listening[] = [];
  readonly #unrouted: number[] = new Array(600).fill(0);

  constructor(options: PlaneOptions, events: DataEvents, given: Clock, random: () => number = Math.random) {
    const clock = guardedClock(given);
    this.#clock = clock;
    this.#events = guardedEvents(events);
    this.sweep = new Sweep(clock);
    this.settings = makeSettings(options);
    this.instance = options.instance;
    this.#requests = new Shares(this.settings.clientLimit.most);
    this.clients = new Admission(options.maxConnections, this.settings.clientLimit, this.sweep);
    this.fallbacks = this.#makeFallbacks(options);
    const onSignal = (signal: BackendSignal) => this.#events.onSignal?.(signal);
    this.ejector = new Ejector(this.sweep, clock, onSignal);
    this.#applied = new LiveTopology(clock, random, this);
    this.guard = new ExchangeGuard(new Forwarder(this));
    this.#watch = new HangWatch(clock, this.ejector, onSignal, this.guard);
    this.upstream = this.#makeUpstream();
  }

  /** Swaps in a snapshot: requests from now on follow it. */
  apply(snapshot: Snapshot): void {
    this.fallbacks.forgetPages();
    this.#applied.apply(snapshot);
  }

  /** Goes by other options from now on: what is there stays, and is treated by them. */
  adopt(options: DataOptions, onAccess: DataEvents['onAccess']): void {
    const { onAccess: _, ...events } = this.#events;
    this.#events = { ...events, ...(onAccess && { onAccess: guarded('log', onAccess) }) };
    const before = this.settings;
    this.settings = makeSettings(options);
    this.#requests.most = this.settings.clientLimit.most;
    const { clientLimit, idleTimeout } = this.settings;
    this.clients.adopt(options.maxConnections, clientLimit, idleTimeout - before.idleTimeout);
    this.fallbacks.close();
    this.fallbacks = this.#makeFallbacks(options);
  }

  /** Takes connections of a listener. Rejects when it cannot. */
  async listen(listener: Listener, bound: BoundTo = {}): Promise<Address> {
    const listening = await listenTcp(listener, bound, (socket) => this.#accept(socket));
    this.#listening.push(listening);
    return listening.address;
  }

  /** Takes nothing new and lets what runs finish, for at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    for (const listening of this.#listening) listening.close();
    this.clients.stop();
    if (graceMs > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(graceMs, resolve);
        this.clients.whenEmpty(() => {
          cancel();
          resolve();
        });
      });
    }
    for (const client of this.clients) client.cut(GRACE_OVER);
    for (const state of this.#applied.backends()) state.closeAll(GRACE_OVER);
    this.sweep.stop();
    this.#watch.stop();
  }

  stats(): TrafficStats {
    const { services } = this.#applied;
    return {
      services: Object.fromEntries([...services].map(([name, state]) => [name, state.stats])),
      backends: Object.fromEntries(
        [...this.#applied.backends()].map(({ backend, stats, inFlight, idle }) => [
          backend.id,
          { ...stats, inFlight, idle: idle.length },
        ]),
      ),
      unrouted: this.#unrouted,
      ...this.clients.stats(),
      internalErrors: {},
      linesLost: {},
    };
  }

  // What connections and exchanges ask for.

  get table(): RouteTable<ServiceState> {
    return this.#applied.table;
  }

  serviceNamed(name: string): ServiceState | undefined {
    return this.#applied.services.get(name);
  }

  makeRoom(): void {
    this.clients.makeRoom();
    for (const { idle } of this.#applied.backends()) for (const one of [...idle]) one.destroy();
  }

  prove(service: ServiceState, backend: BackendState, proof: Proof): void {
    this.#watch.prove(backend, proof);
    this.ejector.prove(service, backend, proof);
  }

  enforce(service: ServiceState): void {
    this.ejector.enforce(service);
  }

  elapsed(): number {
    return this.#clock.elapsed();
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#clock.after(delayMs, run);
  }

  open(exchange: Exchange): void {
    if (isThroughProxy(exchange)) {
      const client = this.settings.clientLimit.clientAt(exchange.client);
      if (this.#requests.fullOf(client) !== undefined) return this.guard.clientFailed(exchange, TOO_MANY);
      this.#requests.add(client, exchange);
    }
    this.guard.open(exchange);
  }

  clientFailed(exchange: Exchange, error: ProxyError): void {
    if (error.code === 'client-gone') this.intake.gone();
    this.guard.clientFailed(exchange, error);
  }

  finished(exchange: Exchange): void {
    if (isThroughProxy(exchange)) this.#requests.delete(exchange);
    const durationMs = this.#clock.elapsed() - exchange.startedAt;
    const { service, status, bytesIn, bytesOut } = exchange;
    if (status === 101) service?.countUpgraded(status, durationMs, bytesIn, bytesOut);
    else if (service !== undefined) service.count(status, durationMs);
    else this.#unrouted[exchange.status] = (this.#unrouted[exchange.status] ?? 0) + 1;
    const { onAccess, onError } = this.#events;
    onAccess?.(accessEntry(exchange, this.#clock.now(), durationMs));
    if (exchange.error !== undefined && isNews(exchange.error))
      onError(accessEntry(exchange, this.#clock.now(), durationMs));
  }

  refused(error: ProxyError, peer: string, requestId: string): void {
    this.#unrouted[error.status] = (this.#unrouted[error.status] ?? 0) + 1;
    const { onAccess, onError } = this.#events;
    const entry = refusedEntry(error, peer, requestId, this.#clock.now());
    onAccess?.(entry);
    if (isNews(error)) onError(entry);
  }

  broke(exchange: Exchange | undefined, error: unknown): void {
    this.guard.onBroken(exchange, error);
  }

  #makeFallbacks({ pages, border, maxHeaderSize }: DataOptions): Fallbacks {
    return new Fallbacks(pages, this.#withListeners(border), maxHeaderSize);
  }

  #makeUpstream(): UpstreamContext {
    const plane = this;
    return {
      sweep: this.sweep,
      watch: this.#watch,
      events: this.guard,
      get settings() {
        return plane.settings;
      },
    };
  }

  #withListeners({ listeners, allowed, local }: Border): Border {
    const listening = this.#listening;
    return {
      allowed,
      local,
      get listeners() {
        return [...listeners, ...listening.map(({ address }) => address)];
      },
    };
  }

  #accept(socket: Socket): void {
    try {
      this.intake.accepted();
      this.clients.add(new ClientConnection(this, socket));
    } catch (error) {
      internalErrors.report('client', error);
      socket.destroy();
    }
  }
}
