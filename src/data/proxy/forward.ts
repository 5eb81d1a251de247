import type { ProxyError } from '../errors.ts';
import * as errors from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import { normalizePath } from '../routing/path.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import { Attempt, type AttemptContext, type Target } from './attempt.ts';
import { Ending, endAttempts } from './ending.ts';
import type { Exchange } from './exchange.ts';
import { Failover } from './failover.ts';
import { FilterStep } from './filters/step.ts';
import type { ForwardContext } from './forward-context.ts';
import { ExchangeGuard, type Life } from './guard.ts';
import { dropAttempt, Hedger, keepAttempt } from './hedge.ts';
import { judgeScheme } from './https.ts';
import { judgeFailure, judgeResponse } from './judge.ts';
import { pickAgain, pickFor, triedBy } from './pick.ts';
import { RequestLimit } from './request-limit.ts';
import { isRepeatable, isRetryStatus, isTooLate, mayRedial, mayRetry, statusError } from './retry.ts';

/** The life of a request: its steps in the order in which they happen. */
export class Forwarder implements Life {
  readonly ending: Ending;
  readonly failover: Failover;
  readonly filters: FilterStep;
  readonly hedger: Hedger;
  /** What callbacks call, instead of the life of a request itself. */
  readonly guard = new ExchangeGuard(this);
  readonly #context: ForwardContext;
  readonly #attempts: AttemptContext;

  constructor(context: ForwardContext) {
    const { connector, judges, runtime } = context;
    const { clock, sweep } = runtime;
    this.#context = context;
    this.ending = new Ending(context);
    this.failover = new Failover(context, this);
    this.filters = new FilterStep({ sweep, events: this.guard }, this);
    this.#attempts = {
      connector,
      watch: judges.watch,
      events: this.guard,
      elapsed: () => clock.elapsed(),
    };
    this.hedger = new Hedger(this.#attempts, (attempt) => this.#retry(attempt, errors.NO_CONNECTION, false));
  }

  /** A head has come: which route? */
  open(exchange: Exchange): void {
    const { head } = exchange;
    const { runtime, topology, ledger } = this.#context;
    if (!ledger.admit(exchange)) return this.ending.answer(exchange, errors.TOO_MANY_REQUESTS);
    if (head.via !== '' && head.via.includes(runtime.instance))
      return this.ending.answer(exchange, errors.LOOP);
    const path = head.target === '*' ? '/' : normalizePath(head.target);
    if (path === undefined) return this.ending.answer(exchange, errors.BAD_PATH);
    exchange.path = path;
    const entry = topology.table.match(head.host, path);
    if (entry === undefined) return this.ending.answer(exchange, errors.NO_ROUTE);
    const { service } = entry;
    exchange.entry = entry;
    exchange.service = service;
    if (runtime.httpsPort !== undefined || entry.route.https !== undefined) {
      const said = judgeScheme(exchange, entry.route, runtime, ledger.untrusted);
      if (said instanceof errors.ProxyError) return this.ending.answer(exchange, said);
      if (said !== undefined) return this.ending.send(exchange, said);
    }
    const { requestMs } = service.service.timeouts;
    if (requestMs > 0) this.#limit(exchange, requestMs);
    if (entry.filters === undefined) this.enter(exchange, service);
    else this.filters.begin(exchange, service, entry.filters);
  }

  /** No filter has answered the request: its service does. */
  enter(exchange: Exchange, service: ServiceState): void {
    service.budget.requests++;
    this.choose(exchange, service, errors.UNAVAILABLE);
  }

  #limit(exchange: Exchange, requestMs: number): void {
    exchange.limit = new RequestLimit(this.#context.runtime.sweep, requestMs, () =>
      this.guard.clientFailed(exchange, errors.TIMED_OUT),
    );
  }

  /**
   * Which backend?
   * @param otherwise what is wrong when there is none
   * @param isPaid the budget has paid for what begins now
   */
  choose(exchange: Exchange, service: ServiceState, otherwise: ProxyError, isPaid = false): void {
    const backend = pickFor(exchange, service);
    if (backend !== undefined) {
      if (exchange.tried !== undefined) service.stats.retries++;
      return this.attempt(exchange, service, backend, isPaid ? { isPaid } : undefined);
    }
    if (isPaid) service.refund();
    if (!service.isFull(exchange.tried)) this.failover.fail(exchange, service, otherwise);
    else if (!this.failover.wait(exchange, service, errors.BUSY, false))
      this.failover.fail(exchange, service, errors.BUSY);
  }

  /** Sends the request to the backend. */
  attempt(
    exchange: Exchange,
    service: ServiceState,
    target: Target,
    how?: { isFresh?: boolean; isPaid?: boolean },
  ): void {
    const attempt = new Attempt(exchange, service, target, this.#attempts, how);
    exchange.attempt = attempt;
    if (attempt.backend !== undefined) exchange.attempts++;
    // The part of the body that came with the head follows in this turn, and leaves in the same write.
    if (exchange.isUnsent) return;
    // The earlier attempt, or the wait for this one, may have paused the client.
    if (exchange.flush() !== 'full' && !exchange.body.isComplete) exchange.downstream.resumeBody();
  }

  /** The request is on its way: from now on a failed attempt may have had an effect. */
  onConnected({ exchange, service }: Attempt): void {
    const { retry } = service.service;
    const isOnceOver = retry.on.status.length > 0 && isRepeatable(exchange, retry, true);
    exchange.body.markSent(isRepeatable(exchange, retry), isOnceOver);
  }

  /** The response's head is here; false when it is not used. */
  onResponse(attempt: Attempt, head: ResponseHead): boolean {
    const { exchange, service } = attempt;
    const { ejector } = this.#context.judges;
    judgeResponse(attempt, head, ejector, this.#attempts);
    if (isRetryStatus(head.status, service.service.retry)) {
      const error = statusError(head.status);
      judgeFailure(attempt, error, ejector, this.#attempts);
      if (this.#goesOn(attempt, error)) return false;
    }
    attempt.outcome = 'responded';
    if (exchange.second !== undefined && keepAttempt(attempt)) service.stats.hedgesWon++;
    const page = head.status < 400 ? undefined : this.#context.standIns.errorPage(exchange, head.status);
    if (page !== undefined) {
      attempt.upstream.abort();
      this.ending.send(exchange, page);
      return false;
    }
    const filtered = exchange.filtering === undefined ? '' : exchange.filtering.onResponse(head);
    const cookie = service.sticky === undefined ? '' : service.stickyFields(exchange, attempt.backend);
    exchange.answered = true;
    exchange.status = head.status;
    exchange.downstream.respond(head, filtered + cookie);
    return true;
  }

  /** The response was handed on whole. */
  onComplete({ exchange, backend, service }: Attempt): void {
    if (backend?.isDoubted === true && !isRetryStatus(exchange.status, service.service.retry))
      backend.wentWell();
    this.ending.finish(exchange);
  }

  /** The attempt failed: once more, or no more? */
  onFailure(attempt: Attempt, error: ProxyError): void {
    const { exchange, service, backend } = attempt;
    const { retry, timeouts } = service.service;
    const { judges, runtime } = this.#context;
    if (attempt.outcome === 'pending') attempt.outcome = 'failed';
    if (error.code === 'never-read' || error.code === 'turned-away') exchange.body.takeBack();
    if (error.code === 'never-read' || error.code === 'stale-connection')
      backend?.foundStale(runtime.sweep.now);
    if (error.code === 'exhausted') this.#context.makeRoom();
    if (backend !== undefined && exchange.second === undefined && mayRedial(exchange, error, retry))
      return this.#redial(attempt, backend);
    const now = this.#attempts.elapsed();
    judgeFailure(attempt, error, judges.ejector, this.#attempts);
    const isFree = error.retry === 'always';
    // The second attempt began later, and would have as much time again.
    if (isTooLate(exchange, error, timeouts, now)) this.failover.fail(exchange, service, error);
    else if (exchange.second !== undefined) dropAttempt(attempt);
    else if (mayRetry(exchange, error, retry) && (isFree || service.pay()))
      this.#retry(attempt, error, !isFree);
    else this.failover.fail(exchange, service, error);
  }

  /** The connection of an attempt had been closed before: that is nobody's fault, and does not count as a try. */
  #redial(attempt: Attempt, backend: BackendState): void {
    const { exchange, service } = attempt;
    exchange.redialled = true;
    const isPaid = attempt.replace();
    exchange.attempts--;
    this.attempt(exchange, service, pickAgain(exchange, service, backend), { isFresh: true, isPaid });
  }

  /** A response that is not wanted: true when there is another attempt, or can be. */
  #goesOn(attempt: Attempt, error: ProxyError): boolean {
    const { exchange, service, backend, upstream } = attempt;
    if (exchange.second !== undefined) {
      upstream.abort();
      dropAttempt(attempt);
      return true;
    }
    if (backend === undefined || !mayRetry(exchange, error, service.service.retry)) return false;
    if (service.pickOther(triedBy(exchange), exchange) === undefined) return false;
    if (!service.pay()) return false;
    upstream.abort();
    if (error.retry === 'over') exchange.body.release();
    this.#retry(attempt, error, true);
    return true;
  }

  #retry({ exchange, service }: Attempt, error: ProxyError, isPaid: boolean): void {
    endAttempts(exchange);
    exchange.error = error;
    exchange.tried = triedBy(exchange);
    this.choose(exchange, service, error, isPaid);
  }
}
