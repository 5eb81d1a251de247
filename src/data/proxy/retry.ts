import { inRanges } from '../../model/health.ts';
import type { RetryPolicy } from '../../model/service.ts';
import type { ProxyError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** RFC 9110, section 9.2.2: doing it twice has the effect of doing it once. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** Whether a failed attempt is followed by one on another backend: the whole retry policy. */
export function mayRetry(exchange: Exchange, error: ProxyError, policy: RetryPolicy): boolean {
  if (exchange.answered || error.retry === 'never') return false;
  if (exchange.attempts > policy.attempts) return false;
  if (!isWanted(error, policy)) return false;
  // Part of the body is gone: nothing whole could be sent.
  if (!exchange.body.canReplay) return false;
  // The backend may have acted on what it was sent.
  return error.retry === 'always' || isIdempotent(exchange.head.method);
}

/**
 * Whether an attempt is made again on the same backend, because its waiting connection had been closed or
 * because we had none left to open. That is nobody's fault and spends no try; but where bytes were sent, it must
 * be harmless.
 */
export function mayRedial(exchange: Exchange, error: ProxyError): boolean {
  return (
    (error.code === 'exhausted' ||
      (error.code === 'stale-connection' && isIdempotent(exchange.head.method))) &&
    !exchange.redialled &&
    exchange.body.canReplay
  );
}

/** Whether an attempt on a backend that hangs is joined by one on another. */
export function mayHedge(exchange: Exchange, policy: RetryPolicy): boolean {
  const { head, body, hedge, answered, attempts } = exchange;
  if (!policy.onTimeout || attempts > policy.attempts) return false;
  if (hedge !== undefined || answered || head.upgrade !== '') return false;
  return body.canReplay && body.isComplete && (isIdempotent(head.method) || !body.isSent);
}

function isWanted(error: ProxyError, policy: RetryPolicy): boolean {
  switch (error.code) {
    case 'reset':
    case 'stale-connection':
      return policy.onReset;
    case 'response-timeout':
      return policy.onTimeout;
    default:
      return true;
  }
}

/** A response whose status the policy would rather not hand to the client. */
export function isRetryStatus(status: number, policy: RetryPolicy): boolean {
  return policy.onStatus.length > 0 && inRanges(status, policy.onStatus);
}

/** Whether a request that no backend answers may wait for one to appear: sending it then does no harm. */
export function mayHold(exchange: Exchange, error: ProxyError): boolean {
  if (!exchange.body.canReplay) return false;
  if (error.code === 'unavailable' || error.retry === 'always') return true;
  const isLost = error.code === 'reset' || error.code === 'stale-connection';
  return isLost && isIdempotent(exchange.head.method);
}
