import { ejectCause, type ProxyError } from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { Ejector } from '../upstream/ejector.ts';
import type { Attempt, AttemptContext } from './attempt.ts';
import { retryAfter } from './retry.ts';

/** The latency that a failed attempt counts as, for balancers that go by latency. */
const FAILURE_MS = 1_000;

/** Counts a failed attempt against its backend, which may be ejected for it. */
export function judgeFailure(
  attempt: Attempt,
  error: ProxyError,
  ejector: Ejector,
  { elapsed }: Pick<AttemptContext, 'elapsed'>,
): void {
  const { backend, service, exchange } = attempt;
  if (backend === undefined || error.side !== 'upstream') return;
  backend.countFailure(error.code);
  if (service.isTimed && !exchange.answered) measure(attempt, FAILURE_MS, elapsed());
  const cause = ejectCause(error);
  if (cause !== undefined) ejector.failed(service, backend, cause, error.detail);
}

/** Records what a response's head says of its backend. */
export function judgeResponse(
  attempt: Attempt,
  head: ResponseHead,
  ejector: Ejector,
  { elapsed }: Pick<AttemptContext, 'elapsed'>,
): void {
  const { backend, service, exchange } = attempt;
  if (backend === undefined) return;
  if (service.isTimed) measure(attempt, head.status < 500 ? 0 : FAILURE_MS, elapsed());
  // 502 to 504 say that the backend, or a server behind it, is not there.
  if (head.status < 502 || head.status > 504) {
    if (backend.restsAsked > 0) backend.restsAsked = 0;
    return;
  }
  ejector.doubted(backend);
  const restMs = head.status === 503 ? retryAfter(head.field('retry-after'), Date.now()) : 0;
  if (restMs > 0) ejector.rest(service, backend, exchange.path, restMs);
}

/** Records the latency of an attempt. A failure counts as at least `atLeastMs`, so that failing fast attracts no traffic. */
function measure({ backend, startedAt }: Attempt, atLeastMs: number, now: number): void {
  backend?.latency.observe(Math.max(now - startedAt, atLeastMs), now);
}
