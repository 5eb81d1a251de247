import type { Clock } from '../../model/clock.ts';
import type { BackendSignal } from '../../model/signal.ts';
import type { AccessEntry } from '../../telemetry/events.ts';
import { guarded } from '../../telemetry/internal-errors.ts';
import { isNews, type ProxyError } from '../errors.ts';
import { isThroughProxy } from '../listener/client-address.ts';
import type { ClientLimit } from '../listener/client-limit.ts';
import { Shares } from '../listener/shares.ts';
import { accessEntry, refusedEntry } from './access-entry.ts';
import type { Exchange } from './exchange.ts';

/** Who hears of finished requests. */
export interface DataEvents {
  /** Every one, for the access log; absent when there is none. */
  readonly onAccess?: ((entry: AccessEntry) => void) | undefined;
  /** Those that ended in an error that an operator may want to do something about (`isNews`). */
  readonly onError: (entry: AccessEntry) => void;
  /** What requests told of a backend's health. */
  readonly onSignal?: (signal: BackendSignal) => void;
}

/** Counts and logs exchanges, and knows how many of each client run that trusted proxies send for it. */
export class Ledger {
  /** Requests that were no service's, by the status they were answered with. */
  readonly unrouted: number[] = new Array(600).fill(0);
  readonly #clock: Clock;
  readonly #onError: DataEvents['onError'];
  #onAccess: DataEvents['onAccess'];
  readonly #requests: Shares<Exchange>;
  #limit: ClientLimit;

  /** @param limit of the requests that one client may have behind a trusted proxy */
  constructor(clock: Clock, { onAccess, onError }: DataEvents, limit: ClientLimit) {
    this.#clock = clock;
    this.#onError = guarded('log', onError);
    this.#onAccess = onAccess && guarded('log', onAccess);
    this.#requests = new Shares(limit.most);
    this.#limit = limit;
  }

  /** Goes by others from now on. */
  adopt(limit: ClientLimit, onAccess: DataEvents['onAccess']): void {
    this.#limit = limit;
    this.#requests.most = limit.most;
    this.#onAccess = onAccess && guarded('log', onAccess);
  }

  /** An exchange begins: false when its client has too many, and it is to be refused. */
  admit(exchange: Exchange): boolean {
    if (!isThroughProxy(exchange)) return true;
    const client = this.#limit.clientAt(exchange.client);
    if (this.#requests.fullOf(client) !== undefined) return false;
    this.#requests.add(client, exchange);
    return true;
  }

  /** Called once for each exchange. */
  finished(exchange: Exchange): void {
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
  refused(error: ProxyError, peer: string, requestId: string): void {
    this.#countUnrouted(error.status);
    const entry = refusedEntry(error, peer, requestId, this.#clock.now());
    this.#onAccess?.(entry);
    if (isNews(error)) this.#onError(entry);
  }

  #countUnrouted(status: number): void {
    this.unrouted[status] = (this.unrouted[status] ?? 0) + 1;
  }
}
