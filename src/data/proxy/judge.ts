import { ejectCause, type ProxyError } from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { Ejector } from '../upstream/ejection.ts';
import type { Attempt } from './attempt.ts';
import { retryAfter } from './retry.ts';

/** What a failed attempt counts for where latency decides. */
const FAILURE_MS = 1_000;

/**
 * An attempt failed: that counts against its backend, and may take it out.
 * @param now `Clock.elapsed`
 */
export function blame(attempt: Attempt, error: ProxyError, ejector: Ejector, now: number): void {
  const { backend, service, exchange } = attempt;
  if (backend === undefined || error.side !== 'upstream') return;
  backend.countFailure(error.code);
  if (service.isTimed && !exchange.answered) measure(attempt, FAILURE_MS, now);
  const cause = ejectCause(error);
  if (cause !== undefined) ejector.failed(service, backend, cause, error.detail);
}

/**
 * An attempt has a response's head.
 * @param now `Clock.elapsed`
 */
export function answered(attempt: Attempt, head: ResponseHead, ejector: Ejector, now: number): void {
  const { backend, service, exchange } = attempt;
  if (backend === undefined) return;
  if (service.isTimed) measure(attempt, head.status < 500 ? 0 : FAILURE_MS, now);
  // 502 to 504: it, or what it needs, is not there.
  if (head.status < 502 || head.status > 504) {
    if (backend.restsAsked > 0) backend.restsAsked = 0;
    return;
  }
  ejector.doubted(backend);
  const restMs = head.status === 503 ? retryAfter(head.field('retry-after'), Date.now()) : 0;
  if (restMs > 0) ejector.rest(service, backend, exchange.path, restMs);
}

/** How long the backend took to answer, and at least that: failing fast is no virtue. */
function measure({ backend, startedAt }: Attempt, atLeastMs: number, now: number): void {
  backend?.latency.observe(Math.max(now - startedAt, atLeastMs), now);
}
