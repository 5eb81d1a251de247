import { isExhaustion } from '../../model/exhaustion.ts';
import { ProxyError } from '../errors.ts';

/** How far a connection to a backend is with its exchange. */
export interface Progress {
  readonly phase: 'idle' | 'head' | 'body' | 'closed';
  readonly isConnected: boolean;
  /** The whole request was handed to the socket. */
  readonly requestDone: boolean;
  /** Bytes that the backend has not taken yet. */
  readonly pending: number;
  /** It served before. */
  readonly isReused: boolean;
  /** The request was sent, and not a byte of its response has come. */
  readonly isUnanswered: boolean;
}

/**
 * What it means for an exchange that its connection has closed.
 * @param isNeverRead it is known to have been closed before the request came
 */
export function closure(
  progress: Progress,
  isNeverRead: boolean,
  reason = 'closed by the backend',
): ProxyError {
  const { phase, isConnected, isReused, isUnanswered } = progress;
  if (!isConnected) return new ProxyError(isExhaustion(reason) ? 'exhausted' : 'connect-failed', reason);
  if (isNeverRead) return new ProxyError(isReused ? 'never-read' : 'turned-away', reason);
  if (isReused && isUnanswered) return new ProxyError('stale-connection', reason);
  return new ProxyError('reset', `${reason} ${phase === 'head' ? 'before a' : 'within the'} response`);
}
