/** One finished request, as logs tell it. */
export interface AccessEntry {
  /** When it finished, in milliseconds since the epoch. */
  readonly time: number;
  /** The client's address: of the connection, or who trusted proxies say it is. */
  readonly client: string;
  /** The address at the other end of the connection. */
  readonly peer: string;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly minor: number;
  readonly status: number;
  /** Of the response's body. */
  readonly bytes: number;
  readonly durationMs: number;
  readonly service: string;
  readonly backend: string;
  readonly attempts: number;
  /** The code of the error that ended it or that was overcome; empty when all went well. */
  readonly error: string;
  readonly detail: string;
  /** It ended before its response did. */
  readonly isCut: boolean;
  readonly requestId: string;
  readonly referer: string;
  readonly userAgent: string;
}
