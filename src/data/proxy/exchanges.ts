import type { ProxyError } from '../errors.ts';
import type { Exchange } from './exchange.ts';

/** Where the protocols of clients bring their requests. */
export interface Exchanges {
  /** A request has come. Its body follows through `exchange.body` and `exchange.upstream`. */
  open(exchange: Exchange): void;
  /** The client broke its exchange: it went away, stalled, or sent a body that is none. */
  clientFailed(exchange: Exchange, error: ProxyError): void;
  /** A request was refused before it became an exchange. */
  refused(error: ProxyError, peer: string, requestId: string): void;
  /** Code of ours threw: it is counted and logged, and ends the exchange if it was for one. */
  broke(exchange: Exchange | undefined, error: unknown): void;
}
