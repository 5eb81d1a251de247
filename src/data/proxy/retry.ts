import { inRanges } from '../../model/health.ts';
import {
  IDEMPOTENT_METHODS,
  type RetryPolicy,
  SAFE_METHODS,
  type Service,
  type Timeouts,
} from '../../model/service.ts';
import { ProxyError } from '../errors.ts';
import type { Exchange } from './exchange.ts';

/**
 * Whether a request that a backend may have read may be sent again. While the first attempt may still run only safe
 * ones are: a PUT that is late undoes what was written after it. Who names methods knows better, and so does a client
 * whose key tells the service of a second one (draft-ietf-httpapi-idempotency-key-header).
 * @param isOver the first attempt is known to run no more
 */
export function isRepeatable({ head }: Exchange, { methods }: RetryPolicy, isOver = false): boolean {
  const { method } = head;
  if (methods === undefined) return (isOver ? IDEMPOTENT_METHODS : SAFE_METHODS).includes(method);
  if (!methods.includes(method)) return false;
  return IDEMPOTENT_METHODS.includes(method) || head.field('idempotency-key') !== undefined;
}

/** Whether a failed attempt is followed by one on another backend: the whole retry policy. */
export function mayRetry(exchange: Exchange, error: ProxyError, policy: RetryPolicy): boolean {
  if (exchange.answered || error.retry === 'never') return false;
  if (exchange.attempts > policy.attempts) return false;
  if (!isWanted(error, policy)) return false;
  const isOver = error.retry === 'over';
  // Without all of the body nothing can be sent again.
  if (!(isOver ? exchange.body.isKept : exchange.body.canReplay)) return false;
  // The backend may have acted on what it was sent.
  return error.retry === 'always' || isRepeatable(exchange, policy, isOver);
}

/**
 * Whether the client has waited for as long as a response may take: no other attempt begins then, or each would
 * add as much again.
 * @param now `Clock.elapsed`
 */
export function isTooLate(
  { startedAt }: Exchange,
  error: ProxyError,
  { responseMs }: Timeouts,
  now: number,
): boolean {
  return error.code === 'response-timeout' && responseMs > 0 && now - startedAt >= responseMs;
}

/**
 * Whether an attempt is made again on the same backend, because its idle connection had been closed or because we had none left
 * to open. That is nobody's fault and does not count as a try; but where bytes were sent, it must be harmless.
 */
export function mayRedial(exchange: Exchange, error: ProxyError, policy: RetryPolicy): boolean {
  const isHarmless =
    error.code === 'exhausted' ||
    error.code === 'never-read' ||
    (error.code === 'stale-connection' && isRepeatable(exchange, policy));
  return isHarmless && !exchange.redialled && exchange.body.canReplay;
}

/** Whether an attempt on a backend that hangs is joined by one on another. */
export function mayHedge(exchange: Exchange, policy: RetryPolicy): boolean {
  const { head, body, second, answered, attempts } = exchange;
  if (!policy.on.timeout || attempts > policy.attempts) return false;
  if (second !== undefined || answered || head.upgrade !== '') return false;
  return body.canReplay && body.isComplete && (isRepeatable(exchange, policy) || !body.isSent);
}

function isWanted(error: ProxyError, policy: RetryPolicy): boolean {
  switch (error.code) {
    case 'reset':
    case 'drain-over':
    case 'stale-connection':
      return policy.on.reset;
    case 'response-timeout':
      return policy.on.timeout;
    default:
      return true;
  }
}

/** The error that a response counts as whose status the policy does not pass on to the client. */
export function statusError(status: number): ProxyError {
  const isGateway = status === 502 || status === 504;
  return new ProxyError(isGateway ? 'gateway-status' : 'retry-status', `HTTP ${status}`);
}

/** Whether the policy would rather try again than pass on a response with that status. */
export function isRetryStatus(status: number, policy: RetryPolicy): boolean {
  const ranges = policy.on.status;
  return ranges.length > 0 && inRanges(status, ranges);
}

/** Whether a request that no backend answers may wait for one to appear: sending it then does no harm. */
export function mayHold(exchange: Exchange, error: ProxyError, policy: RetryPolicy): boolean {
  if (!exchange.body.canReplay) return false;
  if (error.code === 'unavailable' || error.retry === 'always') return true;
  const isLost = ['reset', 'stale-connection', 'drain-over'].includes(error.code);
  return isLost && isRepeatable(exchange, policy);
}

/** The first pause before backends are asked again that all refused; each further pause is twice as long. */
const PAUSE_MS = 200;

/**
 * How long to pause before backends are asked again that all refused a connection, since one that restarts will listen in a
 * moment. In milliseconds; undefined when there is no point.
 * @param random from 0 to below 1: those that failed together must not come back together
 */
export function pauseBefore(
  exchange: Exchange,
  service: Service,
  error: ProxyError,
  random: () => number,
): number | undefined {
  // A fallback now is better than the service later.
  const standIns = (service.fallback?.length ?? 0) + (exchange.fallbacks?.length ?? 0);
  const isRefused = error.code === 'connect-failed' || error.code === 'turned-away';
  if (!isRefused || standIns > 0 || exchange.attempts > service.retry.attempts) return undefined;
  return PAUSE_MS * 2 ** exchange.pauses * (0.5 + random());
}

/**
 * Milliseconds of a Retry-After: seconds or a date (RFC 9110, section 10.2.3); 0 when there is none to be read.
 * @param now in milliseconds since the epoch
 */
export function retryAfter(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return ms > 0 ? ms : 0;
}
