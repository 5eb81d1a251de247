import type { ProxyError } from '../errors.ts';
import type { Intake } from '../listener/intake.ts';
import type { Exchange } from '../proxy/exchange.ts';
import type { Settings } from '../settings.ts';
import type { Sweep } from '../sweep.ts';
import type { ClientConnection } from './client-connection.ts';

/** What all client connections share. Times are in milliseconds. */
export interface ServerContext {
  readonly settings: Settings;
  readonly intake: Intake;
  readonly sweep: Sweep;
  /** The process is stopping: a connection ends with the exchange that it has. */
  readonly isStopping: boolean;
  /** The name of this Fairlead in the Via of requests. */
  readonly instance: string;
  elapsed(): number;
  /** A request has come. Its body follows through `exchange.body` and `exchange.upstream`. */
  open(exchange: Exchange): void;
  /** The client broke its exchange: it went away, stalled, or sent a body that is none. */
  clientFailed(exchange: Exchange, error: ProxyError): void;
  /** A request was refused before it became an exchange. */
  refused(error: ProxyError, peer: string, requestId: string): void;
  /** Its first request has come: false when there is no place for it, and it was told so. */
  admit(connection: ClientConnection): boolean;
  closed(connection: ClientConnection): void;
  /** Code of ours threw: the connection ends, and the exchange that it has. */
  broke(connection: ClientConnection, exchange: Exchange | undefined, error: unknown): void;
}
