import { isExhaustion } from '../../model/exhaustion.ts';
import { ProxyError } from '../errors.ts';

/** How far a connection to a backend is: in between it is `idle`, without an exchange. */
export type Phase = 'connecting' | 'head' | 'body' | 'idle' | 'closed';

/** What there is to know of a connection that has closed. */
export interface Closing {
  /** Before it closed. */
  readonly phase: Phase;
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
