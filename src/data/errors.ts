import type { EjectCause } from '../model/signal.ts';

/** The side whose fault an error is. */
export type ErrorSide = 'downstream' | 'upstream' | 'internal';

interface ErrorKind {
  readonly side: ErrorSide;
  /** The status that a client sees when nothing better answers. */
  readonly status: number;
  /**
   * Whether the request may be tried again: `always` if no byte reached the backend; `unknown` if some did and the backend
   * may still work on it; `over` if it does not any more.
   */
  readonly retry: 'never' | 'always' | 'over' | 'unknown';
}

const KINDS = {
  'bad-request': { side: 'downstream', status: 400, retry: 'never' },
  'head-timeout': { side: 'downstream', status: 408, retry: 'never' },
  'body-timeout': { side: 'downstream', status: 408, retry: 'never' },
  'target-too-long': { side: 'downstream', status: 414, retry: 'never' },
  'head-too-large': { side: 'downstream', status: 431, retry: 'never' },
  'bad-expectation': { side: 'downstream', status: 417, retry: 'never' },
  'not-implemented': { side: 'downstream', status: 501, retry: 'never' },
  'tls-hello': { side: 'downstream', status: 400, retry: 'never' },
  'http2-preface': { side: 'downstream', status: 505, retry: 'never' },
  'bad-version': { side: 'downstream', status: 505, retry: 'never' },
  'client-gone': { side: 'downstream', status: 499, retry: 'never' },
  /** The client is still there, but does not read the response. */
  'client-stalled': { side: 'downstream', status: 499, retry: 'never' },
  'too-many-connections': { side: 'downstream', status: 429, retry: 'never' },
  'too-many-requests': { side: 'downstream', status: 429, retry: 'never' },
  /** The host is another than that of the certificate that the client was shown (RFC 9110, section 15.5.20). */
  misdirected: { side: 'downstream', status: 421, retry: 'never' },
  'no-route': { side: 'downstream', status: 404, retry: 'never' },
  unavailable: { side: 'upstream', status: 503, retry: 'never' },
  busy: { side: 'upstream', status: 503, retry: 'never' },
  'connect-failed': { side: 'upstream', status: 502, retry: 'always' },
  'connect-timeout': { side: 'upstream', status: 504, retry: 'always' },
  'stale-connection': { side: 'upstream', status: 502, retry: 'unknown' },
  /** The backend had closed an idle connection before the request came. */
  'never-read': { side: 'upstream', status: 502, retry: 'always' },
  /** The backend closed a new connection before it read the request: it is about to stop, or is full. */
  'turned-away': { side: 'upstream', status: 502, retry: 'always' },
  reset: { side: 'upstream', status: 502, retry: 'unknown' },
  'response-timeout': { side: 'upstream', status: 504, retry: 'unknown' },
  'bad-response': { side: 'upstream', status: 502, retry: 'never' },
  'retry-status': { side: 'upstream', status: 502, retry: 'over' },
  /** A backend that is a gateway does not know what became of the request: it answered 502 or 504. */
  'gateway-status': { side: 'upstream', status: 502, retry: 'unknown' },
  'body-stalled': { side: 'upstream', status: 504, retry: 'never' },
  'request-timeout': { side: 'upstream', status: 504, retry: 'never' },
  /** The backend leaves or is in maintenance, and the time for its running requests is over. */
  'drain-over': { side: 'internal', status: 503, retry: 'unknown' },
  /** This process stops, and the time for running requests is over. */
  'grace-over': { side: 'internal', status: 503, retry: 'never' },
  overloaded: { side: 'internal', status: 503, retry: 'never' },
  /** There is no descriptor in this process, or no port on this machine, for a connection to a backend. */
  exhausted: { side: 'internal', status: 503, retry: 'always' },
  /** This Fairlead has forwarded the request before (RFC 5842, section 7.2). */
  'loop-detected': { side: 'internal', status: 508, retry: 'never' },
  internal: { side: 'internal', status: 500, retry: 'never' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof KINDS;

/** Errors of clients that the operator should know of, since an option or the port of the listener may be the reason. */
const NEWS: ReadonlySet<ErrorCode> = new Set([
  'too-many-connections',
  'client-stalled',
  'body-timeout',
  'tls-hello',
  'http2-preface',
]);

/** Whether an error goes to the error log, and not only to the access log. */
export function isNews({ side, code }: ProxyError): boolean {
  return side !== 'downstream' || NEWS.has(code);
}

/** The cause for which an error may eject its backend; undefined if the backend did nothing wrong. */
export function ejectCause({ code }: ProxyError): EjectCause | undefined {
  switch (code) {
    case 'connect-failed':
    case 'connect-timeout':
      return 'connect';
    case 'reset':
    case 'turned-away':
    case 'bad-response':
      return 'reset';
    case 'response-timeout':
    case 'body-stalled':
      return 'timeout';
    case 'retry-status':
    case 'gateway-status':
      return 'status';
    default:
      return undefined;
  }
}

/**
 * What went wrong with an exchange. It is a value that is passed on and not thrown: without a stack, hostile input is
 * cheap to refuse.
 */
export class ProxyError {
  readonly code: ErrorCode;
  readonly side: ErrorSide;
  readonly status: number;
  readonly retry: ErrorKind['retry'];
  /** A sentence for the log, and for the client if it is the client's fault. */
  readonly detail: string;

  constructor(code: ErrorCode, detail: string) {
    const kind: ErrorKind = KINDS[code];
    this.code = code;
    this.side = kind.side;
    this.status = kind.status;
    this.retry = kind.retry;
    this.detail = detail;
  }
}

export const INTERNAL = new ProxyError('internal', 'code of Fairlead itself failed');
export const BAD_PATH = new ProxyError('bad-request', 'the path can be understood in more than one way');
export const LOOP = new ProxyError(
  'loop-detected',
  'the request has come back: a backend or fallback leads here',
);
export const NO_ROUTE = new ProxyError('no-route', 'no route matches the host and path');
export const TOO_MANY_REQUESTS = new ProxyError(
  'too-many-requests',
  'too many requests of this client at a time',
);
export const UNAVAILABLE = new ProxyError('unavailable', 'no backend is available');
export const BUSY = new ProxyError('busy', 'every available backend has as many requests as it may');
export const TIMED_OUT = new ProxyError(
  'request-timeout',
  'the exchange took longer than its limit (fairlead.timeout.request)',
);
export const DRAIN_OVER = new ProxyError(
  'drain-over',
  'its backend left, and the time to finish is over (fairlead.drain)',
);
export const GRACE_OVER = new ProxyError(
  'grace-over',
  'Fairlead stopped, and the time to finish was over (option grace)',
);
export const NO_CONNECTION = new ProxyError(
  'connect-timeout',
  'no connection, and nothing else comes from there',
);
