import { isExhaustion } from '../../model/exhaustion.ts';
import { ProxyError } from '../errors.ts';

/** How far a connection to a backend is; `idle` between two exchanges. */
export type Phase = 'connecting' | 'head' | 'body' | 'idle' | 'closed';

/** What is known of a connection that has closed. */
export interface Closing {
  /** The phase in which it closed. */
  readonly phase: Phase;
  /** It carried an exchange before this one. */
  readonly isReused: boolean;
  /** The request was sent, and not a byte of its response has come. */
  readonly isUnanswered: boolean;
}

/**
 * The error of an exchange whose connection has closed.
 * @param isNeverRead the backend is known not to have read the request
 */
export function closure(
  { phase, isReused, isUnanswered }: Closing,
  isNeverRead: boolean,
  reason = 'closed by the backend',
): ProxyError {
  if (phase === 'connecting')
    return new ProxyError(isExhaustion(reason) ? 'exhausted' : 'connect-failed', reason);
  if (isNeverRead) return new ProxyError(isReused ? 'never-read' : 'turned-away', reason);
  if (isReused && isUnanswered) return new ProxyError('stale-connection', reason);
  return new ProxyError('reset', `${reason} ${phase === 'head' ? 'before a' : 'within the'} response`);
}
