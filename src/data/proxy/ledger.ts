import type { Clock } from '../../model/clock.ts';
import type { BackendSignal } from '../../model/signal.ts';
import type { AccessEntry, HandshakeFailure } from '../../telemetry/events.ts';
import { guarded } from '../../telemetry/internal-errors.ts';
import { isNews, type ProxyError } from '../errors.ts';
import type { Client } from '../listener/client.ts';
import { isThroughProxy } from '../listener/client-address.ts';
import type { ClientLimit } from '../listener/client-limit.ts';
import { Shares } from '../listener/shares.ts';
import { accessEntry, refusedEntry } from './access-entry.ts';
import type { Exchange } from './exchange.ts';

/** Who hears of finished requests. */
export interface DataEvents {
  /** Hears of every request, for the access log; absent without one. */
  readonly onAccess?: ((entry: AccessEntry) => void) | undefined;
  /** Hears of requests that ended in an error which an operator may want to act on (`isNews`). */
  readonly onError: (entry: AccessEntry) => void;
  /** Hears of TLS handshakes that ended otherwise than in a connection. */
  readonly onHandshakeFailure?: (failure: HandshakeFailure) => void;
  /** Hears of who says that a request came by https, and is not believed. */
  readonly onUntrustedProto?: (peer: string) => void;
  /** Hears what requests told of a backend's health. */
  readonly onSignal?: (signal: BackendSignal) => void;
}

/** Counts and logs exchanges, and limits how many run at a time for each client behind a trusted proxy. */
export class Ledger {
  /** Requests that belonged to no service, counted by status. */
  readonly unrouted: number[] = new Array(600).fill(0);
  /** Is told of requests that say they came by https, of somebody who is not believed. */
  readonly untrusted: (exchange: Exchange) => void;
  readonly #clock: Clock;
  readonly #onError: DataEvents['onError'];
  #onAccess: DataEvents['onAccess'];
  readonly #requests: Shares<Exchange>;
  #limit: ClientLimit;

  /** @param limit how many requests one client behind a trusted proxy may have at a time */
  constructor(clock: Clock, { onAccess, onError, onUntrustedProto }: DataEvents, limit: ClientLimit) {
    this.#clock = clock;
    this.#onError = guarded('log', onError);
    const onUntrusted = guarded('log', (peer: string) => onUntrustedProto?.(peer));
    this.untrusted = ({ downstream }) => onUntrusted(downstream.peer);
    this.#onAccess = onAccess && guarded('log', onAccess);
    this.#requests = new Shares(limit.most);
    this.#limit = limit;
  }

  /** Takes other options from now on. */
  adopt(limit: ClientLimit, onAccess: DataEvents['onAccess']): void {
    this.#limit = limit;
    this.#requests.most = limit.most;
    this.#onAccess = onAccess && guarded('log', onAccess);
  }

  /** Registers an exchange; false when its client has too many, and it must be refused. */
  admit(exchange: Exchange): boolean {
    if (!isThroughProxy(exchange)) return true;
    const client = this.#limit.clientAt(exchange.client);
    if (this.#requests.fullOf(client) !== undefined) return false;
    this.#requests.add(client, exchange);
    return true;
  }

  /** Counts and logs an exchange. Called once for each. */
  record(exchange: Exchange): void {
    if (isThroughProxy(exchange)) this.#requests.delete(exchange);
    const durationMs = this.#clock.elapsed() - exchange.startedAt;
    const { service, status, bytesIn, bytesOut, error } = exchange;
    if (status === 101) service?.countUpgraded(status, durationMs, bytesIn, bytesOut);
    else if (service !== undefined) service.count(status, durationMs);
    else this.#countUnrouted(status);
    this.#onAccess?.(accessEntry(exchange, this.#clock.now(), durationMs));
    if (error !== undefined && isNews(error))
      this.#onError(accessEntry(exchange, this.#clock.now(), durationMs));
  }

  /** A request was refused before it became an exchange. */
  refused(error: ProxyError, client: Pick<Client, 'peer' | 'listener'>, requestId: string): void {
    this.#countUnrouted(error.status);
    const entry = refusedEntry(error, client, requestId, this.#clock.now());
    this.#onAccess?.(entry);
    if (isNews(error)) this.#onError(entry);
  }

  #countUnrouted(status: number): void {
    this.unrouted[status] = (this.unrouted[status] ?? 0) + 1;
  }
}
