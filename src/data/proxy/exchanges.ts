import type { ProxyError } from '../errors.ts';
import type { Client } from '../listener/client.ts';
import type { Intake } from '../listener/intake.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeGuard } from './guard.ts';
import type { Ledger } from './ledger.ts';

/** Where the protocols of clients bring their requests. */
export class Exchanges {
  readonly #guard: ExchangeGuard;
  readonly #ledger: Ledger;
  readonly #intake: Pick<Intake, 'gone'>;

  constructor(guard: ExchangeGuard, ledger: Ledger, intake: Pick<Intake, 'gone'>) {
    this.#guard = guard;
    this.#ledger = ledger;
    this.#intake = intake;
  }

  /**
   * A request has come. Its body follows through `exchange.receive` and `receiveEnd`; in the turn in which something came,
   * the head alone too, `exchange.flush` must follow.
   */
  open(exchange: Exchange): void {
    this.#guard.open(exchange);
  }

  /** The client broke its exchange: it went away, stalled, or sent a body that is none. */
  clientFailed(exchange: Exchange, error: ProxyError): void {
    if (error.code === 'client-gone') this.#intake.gone();
    this.#guard.clientFailed(exchange, error);
  }

  /** A request was refused before it became an exchange. */
  refused(error: ProxyError, client: Pick<Client, 'peer' | 'listener'>, requestId: string): void {
    this.#ledger.refused(error, client, requestId);
  }

  /** Code of ours threw: it is counted and logged, and ends the exchange if it was for one. */
  broke(exchange: Exchange | undefined, error: unknown): void {
    this.#guard.onBroken(exchange, error);
  }
}
