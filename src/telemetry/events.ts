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

/** A TLS handshake that ended otherwise than in a connection. */
export interface HandshakeFailure {
  readonly result: /** There is no certificate for the name. */
    | 'unknown-name'
    /** The client speaks HTTP without TLS. */
    | 'plain-http'
    /** It is no TLS, or client and OpenSSL did not come to terms. */
    | 'failed'
    | 'timeout'
    /** The client went away. */
    | 'gone'
    /** It made room for others, or found none. */
    | 'crowded';
  /** The address of the client, without port. */
  readonly peer: string;
  /** The name that it asked for, in lower case; empty if that is not known. */
  readonly name: string;
  /** For people; empty when there is nothing to say. */
  readonly why: string;
}
