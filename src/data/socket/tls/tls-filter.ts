import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { KeyPair, Keyring } from '../../../model/keyring.ts';
import type { TrafficStats } from '../../../model/stats.ts';
import type { HandshakeFailure } from '../../../telemetry/events.ts';
import { guarded, internalErrors } from '../../../telemetry/internal-errors.ts';
import type { Sweep } from '../../sweep.ts';
import type { Transport } from '../transport.ts';
import { SecureContexts, type TlsVersion } from './contexts.ts';
import { Handshake, type HandshakeHost, type HandshakeResult } from './handshake.ts';

/** What the handshakes of a data plane share with the rest of it. */
interface Runtime {
  readonly sweep: Sweep;
  readonly settings: { readonly headerTimeout: number };
}

/** Of all connections that there may be so many may be in a handshake: those who have begun nothing keep nobody out. */
const SHARE = 1 / 4;
/** One that has taken so long makes room for a newcomer. Most take a few round trips. */
const MIN_SLOW_MS = 1_000;

/** Stands between connections and the protocols that are spoken within TLS: the handshakes of all listeners. */
export class TlsFilter implements HandshakeHost {
  readonly sweep: Sweep;
  readonly #results: Record<string, number> = {};
  readonly #contexts: SecureContexts;
  readonly #onFailure: (failure: HandshakeFailure) => void;
  /** Those that run; the first has run for longest. */
  readonly #running = new Set<Handshake>();
  readonly #runtime: Runtime;
  readonly #clients: { readonly most: number };
  #onEmpty: (() => void) | undefined = undefined;

  /**
   * @param runtime its `header-timeout` is that of a ClientHello, too
   * @param clients how many connections there may be; 0 is no limit
   */
  constructor(
    minVersion: TlsVersion,
    runtime: Runtime,
    clients: { readonly most: number },
    onFailure: (failure: HandshakeFailure) => void = () => {},
  ) {
    this.#contexts = new SecureContexts(minVersion);
    this.sweep = runtime.sweep;
    this.#runtime = runtime;
    this.#clients = clients;
    this.#onFailure = guarded('log', onFailure);
  }

  /** Shows what is in another keyring from the next handshake on. */
  adopt(keyring: Keyring): void {
    this.#contexts.adopt(keyring);
  }

  /** A `ListenerFilter`. */
  readonly filter = (accepted: Socket, pass: (carrier: Transport) => void): void => {
    const most = Math.ceil(this.#clients.most * SHARE);
    if (most > 0 && this.#running.size >= most && !this.#makeRoom()) {
      this.#failed({ result: 'crowded', peer: accepted.remoteAddress ?? '', name: '', why: '' });
      accepted.on('error', () => {}).resetAndDestroy();
      return;
    }
    this.#running.add(new Handshake(this, accepted, pass));
  };

  stats(): Pick<TrafficStats, 'handshakes' | 'handshaking'> {
    return { handshakes: this.#results, handshaking: this.#running.size };
  }

  /** Ends those that run. */
  stop(): void {
    for (const handshake of [...this.#running]) handshake.drop('gone');
  }

  /** Tells once none runs; at once if there is none. */
  whenEmpty(run: () => void): void {
    this.#onEmpty = run;
    if (this.#running.size === 0) run();
  }

  // HandshakeHost

  get helloMs(): number {
    return this.#runtime.settings.headerTimeout;
  }

  find(name: string): { readonly pair: KeyPair; readonly context: SecureContext } | undefined {
    const pair = this.#contexts.pairFor(name);
    const context = pair && this.#contexts.contextOf(pair);
    return pair === undefined || context === undefined ? undefined : { pair, context };
  }

  over(handshake: Handshake, result: HandshakeResult, why: string): void {
    this.#running.delete(handshake);
    const { peer, name } = handshake;
    if (result === 'full' || result === 'resumed') this.#count(result);
    else this.#failed({ result, peer, name, why });
    if (this.#running.size === 0) this.#onEmpty?.();
  }

  broke(error: unknown): void {
    internalErrors.report('client', error);
  }

  /** False when all that run are young. */
  #makeRoom(): boolean {
    const [oldest] = this.#running;
    if (oldest === undefined || oldest.since > this.sweep.now - MIN_SLOW_MS) return false;
    oldest.drop('crowded');
    return true;
  }

  #failed(failure: HandshakeFailure): void {
    this.#count(failure.result);
    this.#onFailure(failure);
  }

  #count(result: HandshakeResult): void {
    this.#results[result] = (this.#results[result] ?? 0) + 1;
  }
}
