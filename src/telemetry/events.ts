import type { Scheme } from '../model/listener.ts';

/** A finished request as the logs show it. */
export interface AccessEntry {
  /** When it finished, in milliseconds since the epoch. */
  readonly time: number;
  /** The client's address: that of the connection, or what trusted proxies say. */
  readonly client: string;
  /** The address at the other end of the connection. */
  readonly peer: string;
  readonly method: string;
  /** The scheme by which the client asked. */
  readonly scheme: Scheme;
  readonly host: string;
  readonly target: string;
  readonly minor: number;
  readonly status: number;
  /** Bytes of the response's body. */
  readonly bytes: number;
  readonly durationMs: number;
  readonly service: string;
  readonly backend: string;
  readonly attempts: number;
  /** The code of the error that ended the request, or that a retry overcame; empty when all went well. */
  readonly error: string;
  readonly detail: string;
  /** Whether the request ended before its response was whole. */
  readonly isCut: boolean;
  readonly requestId: string;
  readonly referer: string;
  readonly userAgent: string;
}
