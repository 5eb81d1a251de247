import type { Listener } from '../../model/listener.ts';
import type { ProxyError } from '../errors.ts';

/**
 * Somebody who has connected, in whatever protocol: a connection of HTTP/1.1 now, a session of HTTP/2 or a tunnel
 * another time. One client has one place among all, however many requests it has at a time.
 */
export interface Client {
  /** The address at the other end of the connection, without port. */
  readonly peer: string;
  /** Where it connected. */
  readonly listener: Listener;
  /** Since when it asks nothing and nothing is left to send to it, in the sweep's milliseconds; Infinity otherwise. */
  readonly idleSince: number;
  /** It has changed to another protocol, which may be silent for as long as it likes. */
  readonly isUpgraded: boolean;
  /** It has been idle for a while: it lays down what it only needs for requests. */
  rest(): void;
  /** What is idle may be so for that much longer: milliseconds, negative for a shorter time. */
  prolong(ms: number): void;
  /** Tells it why it is not served, and ends the connection. */
  refuse(error: ProxyError): void;
  /** Cuts the connection, so that its other end sees an error. Never throws. */
  reset(): void;
  /** Ends the connection at once. Never throws. */
  destroy(): void;
  /** The process is stopping: it ends with what it is doing, or soon if that is nothing. */
  stop(): void;
  /** Ends it at once, and what it is doing with that error. */
  cut(error: ProxyError): void;
}
