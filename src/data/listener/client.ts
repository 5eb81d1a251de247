import type { Listener } from '../../model/listener.ts';
import type { ProxyError } from '../errors.ts';

/**
 * Somebody who has connected, in whatever protocol. A client has one place among all, however many requests it has at a time.
 */
export interface Client {
  /** The address at the other end of the connection, without port. */
  readonly peer: string;
  /** Where the client connected. */
  readonly listener: Listener;
  /**
   * When the client became idle: it asks nothing, and nothing is left to be sent to it. In the sweep's milliseconds; Infinity
   * while it is not idle.
   */
  readonly idleSince: number;
  /** The client has changed to another protocol, which may be silent for as long as it likes. */
  readonly isUpgraded: boolean;
  /** The client has been idle for a while: frees what is only needed for requests. */
  rest(): void;
  /**
   * Moves the time when an idle client is closed.
   * @param ms how much later that is; negative for sooner
   */
  prolong(ms: number): void;
  /** Tells the client why it is not served, and ends the connection. */
  refuse(error: ProxyError): void;
  /** Cuts the connection, so that its other end sees an error. Never throws. */
  reset(): void;
  /** Ends the connection at once. Never throws. */
  destroy(): void;
  /** The process is stopping: the client is closed after what it is doing, or soon if it is idle. */
  stop(): void;
  /** Ends the connection at once, and its exchange with that error. */
  cut(error: ProxyError): void;
}
