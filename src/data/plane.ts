import type { Address } from '../model/address.ts';
import type { Clock } from '../model/clock.ts';
import type { BoundTo } from '../model/data-plane.ts';
import type { Keyring } from '../model/keyring.ts';
import type { Listener } from '../model/listener.ts';
import type { BackendSignal } from '../model/signal.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { TrafficStats } from '../model/stats.ts';
import { guarded, guardedClock } from '../telemetry/internal-errors.ts';
import { Connectors } from './connectors.ts';
import { GRACE_OVER } from './errors.ts';
import { Http1Server } from './http1/server.ts';
import { Admission } from './listener/admission.ts';
import { emptied } from './listener/emptied.ts';
import { Intake } from './listener/intake.ts';
import { LiveTopology } from './live-topology.ts';
import { Exchanges } from './proxy/exchanges.ts';
import { compileFilter, makeCompiler } from './proxy/filters/compile.ts';
import { Forwarder } from './proxy/forward.ts';
import { type DataEvents, Ledger } from './proxy/ledger.ts';
import { StandIns } from './proxy/stand-ins.ts';
import { Runtime } from './runtime.ts';
import { type DataOptions, makeSettings, type Settings } from './settings.ts';
import { type Listening, listenTcp } from './socket/listen.ts';
import type { TlsVersion } from './socket/tls/contexts.ts';
import { TlsFilter } from './socket/tls/tls-filter.ts';
import { Judges } from './upstream/judges.ts';

export type { DataEvents } from './proxy/ledger.ts';

/** The options of a data plane, with those that never change while it runs. */
export interface PlaneOptions extends DataOptions {
  /** The name of this Fairlead in the Via of requests, by which it notices those that come back; the same in all workers. */
  readonly instance: string;
  /** The oldest version of TLS that clients may speak. */
  readonly tlsMin: TlsVersion;
}

/** Takes connections and serves them by the latest snapshot. It only composes its parts. */
export class DataPlane {
  readonly #runtime: Runtime;
  readonly #clients: Admission;
  readonly #tls: TlsFilter;
  readonly #judges: Judges;
  readonly #topology: LiveTopology;
  readonly #ledger: Ledger;
  readonly #standIns: StandIns;
  readonly #connectors: Connectors;
  readonly #http1: Http1Server;
  readonly #listening: Listening[] = [];

  constructor(
    options: PlaneOptions,
    events: DataEvents,
    given: Clock,
    random: () => number = Math.random,
    compile: typeof compileFilter = compileFilter,
  ) {
    const clock = guardedClock(given);
    const settings = makeSettings(options);
    const onSignal = guarded('channel', (signal: BackendSignal) => events.onSignal?.(signal));
    const intake = new Intake();
    this.#runtime = new Runtime(clock, options.instance, settings);
    const { sweep } = this.#runtime;
    this.#clients = new Admission(options.maxConnections, settings.clientLimit, sweep);
    this.#tls = new TlsFilter(options.tlsMin, this.#runtime, this.#clients, events.onHandshakeFailure);
    this.#judges = new Judges(sweep, clock, onSignal);
    this.#topology = new LiveTopology(clock, random, this.#judges, makeCompiler(compile, this.#runtime));
    this.#ledger = new Ledger(clock, events, settings.clientLimit);
    this.#standIns = new StandIns(options.pages);
    this.#connectors = new Connectors(this.#runtime, options, this.#listening);
    const { guard } = new Forwarder({
      runtime: this.#runtime,
      topology: this.#topology,
      judges: this.#judges,
      connector: this.#connectors,
      standIns: this.#standIns,
      ledger: this.#ledger,
      makeRoom: () => this.#makeRoom(),
    });
    const exchanges = new Exchanges(guard, this.#ledger, intake);
    this.#http1 = new Http1Server(this.#runtime, intake, this.#clients, exchanges);
  }

  /** The present settings. */
  get settings(): Settings {
    return this.#runtime.settings;
  }

  /** Applies a snapshot, which requests follow from now on. */
  apply(snapshot: Snapshot): void {
    this.#standIns.forget();
    this.#topology.apply(snapshot);
  }

  /** Shows clients the certificates of another keyring from now on; who is connected stays so. */
  adoptKeyring(keyring: Keyring): void {
    this.#runtime.keyring = keyring;
    this.#tls.adopt(keyring);
  }

  /** Changes the options, also for connections that are open. */
  adopt(options: DataOptions, onAccess: DataEvents['onAccess']): void {
    const before = this.settings;
    const settings = makeSettings(options);
    const { clientLimit, idleTimeout } = settings;
    this.#runtime.settings = settings;
    this.#ledger.adopt(clientLimit, onAccess);
    this.#clients.adopt(options.maxConnections, clientLimit, idleTimeout - before.idleTimeout);
    this.#standIns.adopt(options.pages);
    this.#connectors.adopt(options);
  }

  /** Takes connections of a listener. Rejects if the address cannot be listened on. */
  async listen(listener: Listener, bound: BoundTo = {}): Promise<Address> {
    const filter = listener.tls ? this.#tls.filter : undefined;
    const listening = await listenTcp(listener, bound, this.#http1.acceptorOf(listener), filter);
    this.#listening.push(listening);
    if (listener.tls) this.#runtime.httpsPort ??= listening.address.port;
    return listening.address;
  }

  /** Takes nothing new and lets requests finish, for at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    for (const listening of this.#listening) listening.close();
    this.#clients.stop();
    if (graceMs > 0) await emptied([this.#tls, this.#clients], this.#runtime.clock, graceMs);
    this.#tls.stop();
    for (const client of this.#clients) client.cut(GRACE_OVER);
    for (const state of this.#topology.backends()) state.closeAll(GRACE_OVER);
    this.#runtime.sweep.stop();
    this.#judges.watch.stop();
  }

  stats(): TrafficStats {
    return {
      ...this.#topology.stats(),
      ...this.#clients.stats(),
      unrouted: this.#ledger.unrouted,
      ...this.#tls.stats(),
      internalErrors: {},
      linesLost: {},
    };
  }

  #makeRoom(): void {
    this.#clients.makeRoom();
    for (const { idle } of this.#topology.backends()) for (const one of [...idle]) one.destroy();
  }
}
