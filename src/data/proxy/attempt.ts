import type { RetryPolicy } from '../../model/service.ts';
import { UpgradeUpstream } from '../connect/upgrade.ts';
import { ejectCause, type ProxyError } from '../errors.ts';
import { UpstreamConnection } from '../http1/upstream-connection.ts';
import { requestText } from '../http1/write.ts';
import { CHUNKED } from '../message/head.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange, Upstream } from './exchange.ts';
import type { ForwardContext } from './forward-context.ts';
import { addedFields, targetOf } from './forwarded.ts';
import { makeOwn, takeOwn } from './own.ts';
import { isRepeatable, retryAfter } from './retry.ts';

/** What a failed attempt counts for where latency decides. */
const FAILURE_MS = 1_000;

/** A connection that has waited for less is not being closed for that. */
const FRESH_MS = 1_000;
/** How long one that was found closed is a warning. */
const WARY_MS = 60_000;

/** Sends a backend the request, as far as it has come, on a connection that waits unless it must be fresh. */
export function startAttempt(
  exchange: Exchange,
  service: ServiceState,
  backend: BackendState,
  isFresh: boolean,
  context: ForwardContext,
): Upstream {
  const { upstream } = context;
  const { head } = exchange;
  exchange.attempts++;
  backend.inFlight++;
  backend.stats.requests++;
  if (!backend.silence.isWatched) upstream.watch.watch(service, backend);
  if (head.upgrade !== '') {
    const upgrade = new UpgradeUpstream(exchange, backend, upstream.events, upstream);
    exchange.body.replay(upgrade);
    return upgrade;
  }
  const { timeouts, retry } = service.service;
  const waiting = isFresh
    ? undefined
    : (takeOwn(exchange.downstream, backend) ?? takeWaiting(exchange, retry, backend, context));
  const connection = waiting ?? new UpstreamConnection(upstream, backend);
  if (head.claimsConnection) makeOwn(exchange, connection);
  connection.assign(exchange, timeouts, retry.timeoutMs);
  try {
    connection.send(
      requestText(head, targetOf(exchange), addedFields(exchange, backend)),
      head.length === CHUNKED,
    );
    exchange.body.replay(connection);
  } catch (error) {
    // Nobody has it yet, who could give it back.
    connection.abort();
    service.release(backend);
    throw error;
  }
  return connection;
}

/**
 * A connection that waits. The backend may be closing it just now, and a request that must not be sent twice would
 * be lost with it: such a one gets a connection that was used a moment ago, and none where connections were found
 * closed lately.
 */
function takeWaiting(
  exchange: Exchange,
  policy: RetryPolicy,
  { idle, staleAt }: BackendState,
  context: ForwardContext,
): UpstreamConnection | undefined {
  const last = idle[idle.length - 1] as UpstreamConnection | undefined;
  if (last === undefined || isRepeatable(exchange, policy))
    return idle.pop() as UpstreamConnection | undefined;
  const { now } = context.upstream.sweep;
  const isRisky = now - last.idleAt > FRESH_MS || now - staleAt < WARY_MS;
  return isRisky ? undefined : (idle.pop() as UpstreamConnection);
}

/**
 * Who gets an attempt that is made again because of its connection: the same backend, unless it has gone meanwhile and
 * another one can take it. Its own place is given up, but to nobody who waits.
 */
export function redialled(exchange: Exchange, service: ServiceState, backend: BackendState): BackendState {
  exchange.redialled = true;
  backend.inFlight--;
  if (backend.isWell) return backend;
  const tried = [...(exchange.tried ?? []), backend];
  const other = service.pickOther(tried, exchange);
  if (other === undefined) return backend;
  exchange.tried = tried;
  return other;
}

/** An attempt failed: that counts against its backend, and may take it out. */
export function blame(
  exchange: Exchange,
  service: ServiceState,
  backend: BackendState | undefined,
  error: ProxyError,
  context: ForwardContext,
): void {
  if (backend === undefined || error.side !== 'upstream') return;
  backend.countFailure(error.code);
  if (service.isTimed && !exchange.answered) measure(exchange, backend, FAILURE_MS, context.elapsed());
  const cause = ejectCause(error);
  if (cause !== undefined) context.ejector.failed(service, backend, cause, error.detail);
}

/** An attempt has a response's head. */
export function answered(
  exchange: Exchange,
  service: ServiceState,
  backend: BackendState | undefined,
  head: ResponseHead,
  context: ForwardContext,
): void {
  if (backend === undefined) return;
  if (service.isTimed) measure(exchange, backend, head.status < 500 ? 0 : FAILURE_MS, context.elapsed());
  // 502 to 504: it, or what it needs, is not there.
  if (head.status < 502 || head.status > 504) {
    if (backend.restsAsked > 0) backend.restsAsked = 0;
    return;
  }
  context.ejector.doubted(backend);
  const restMs = head.status === 503 ? retryAfter(head.field('retry-after'), Date.now()) : 0;
  if (restMs > 0) context.ejector.rest(service, backend, exchange.path, restMs);
}

/** How long the backend took to answer, and at least that: failing fast is no virtue. */
function measure(exchange: Exchange, backend: BackendState, atLeastMs: number, now: number): void {
  const { hedge, attemptedAt } = exchange;
  const startedAt = hedge?.backend === backend ? hedge.startedAt : attemptedAt;
  backend.latency.observe(Math.max(now - startedAt, atLeastMs), now);
}
