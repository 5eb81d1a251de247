import type { ProxyError } from '../errors.ts';
import * as errors from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import { normalizePath } from '../routing/path.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import { answered, blame, redialled, startAttempt } from './attempt.ts';
import type { Exchange, ExchangeEvents, Upstream } from './exchange.ts';
import { mayFallBack, nextFallback } from './fallback.ts';
import { goOn, letGo, release } from './finish.ts';
import type { ForwardContext } from './forward-context.ts';
import { backendOf, dropAttempt, Hedger, keepAttempt, pickFor, triedBy } from './hedge.ts';
import { pay, paysRetry, refund } from './payment.ts';
import { type QueueEvents, QueueTicket } from './queue-ticket.ts';
import { errorReply, type Reply } from './reply.ts';
import { RequestLimit } from './request-limit.ts';
import {
  isRepeatable,
  isRetryStatus,
  isTooLate,
  mayHold,
  mayRedial,
  mayRetry,
  pauseBefore,
  statusError,
} from './retry.ts';

/** The status, in logs alone, of a client that takes no answer. */
const CLIENT_GONE = 499;

/** The life of a request: its steps in the order in which they happen. */
export class Forwarder implements ExchangeEvents, QueueEvents {
  readonly hedger: Hedger;
  readonly #context: ForwardContext;

  constructor(context: ForwardContext) {
    this.#context = context;
    this.hedger = new Hedger(context, (exchange, service) =>
      this.#retry(exchange, service, errors.NO_CONNECTION),
    );
  }

  /** A head has come: which route? */
  open(exchange: Exchange): void {
    const { head } = exchange;
    if (head.via !== '' && head.via.includes(this.#context.instance))
      return this.#answer(exchange, errors.LOOP);
    const path = head.target === '*' ? '/' : normalizePath(head.target);
    if (path === undefined) return this.#answer(exchange, errors.BAD_PATH);
    exchange.path = path;
    const entry = this.#context.table.match(head.host, path);
    if (entry === undefined) return this.#answer(exchange, errors.NO_ROUTE);
    exchange.entry = entry;
    exchange.service = entry.service;
    entry.service.budget.requests++;
    const { requestMs } = entry.service.service.timeouts;
    if (requestMs > 0) {
      const { sweep } = this.#context.upstream;
      exchange.limit = new RequestLimit(sweep, requestMs, () =>
        this.#context.guard.clientFailed(exchange, errors.TIMED_OUT),
      );
    }
    this.#choose(exchange, entry.service, errors.UNAVAILABLE);
  }

  /** Which backend? `otherwise` is what is wrong when there is none. */
  #choose(exchange: Exchange, service: ServiceState, otherwise: ProxyError): void {
    const backend = pickFor(exchange, service);
    if (backend === undefined) {
      if (!service.isFull(exchange.tried)) return this.#fail(exchange, service, otherwise);
      if (!this.#wait(exchange, service, errors.BUSY, false)) this.#fail(exchange, service, errors.BUSY);
      return;
    }
    if (exchange.tried !== undefined) service.stats.retries++;
    this.#attempt(exchange, service, backend, false);
  }

  /** Stands in line for a backend; false when nobody may, or it did for long enough. */
  #wait(exchange: Exchange, service: ServiceState, error: ProxyError, isHeld: boolean): boolean {
    const client = this.#context.settings.clientLimit.clientAt(exchange.client);
    if (!service.line.hasPlace(client, service.service.queue.size)) return false;
    const before = exchange.waiting;
    if (before === undefined || before.service !== service) {
      const { upstream, guard } = this.#context;
      exchange.waiting = new QueueTicket(exchange, service, error, isHeld, upstream.sweep, guard);
    } else if (!before.goesOn(error, isHeld)) return false;
    exchange.waiting?.enter(client);
    return true;
  }

  lookAgain(waiting: QueueTicket): void {
    const { exchange, service } = waiting;
    const backend = pickFor(exchange, service);
    if (backend === undefined) return;
    waiting.leave();
    this.#attempt(exchange, service, backend, false);
  }

  waitedInVain({ exchange, service, error }: QueueTicket): void {
    this.#fail(exchange, service, error);
  }

  /** Sends it the request, on a connection that waits unless it must be fresh. */
  #attempt(exchange: Exchange, service: ServiceState, backend: BackendState, isFresh: boolean): void {
    const isFirst = exchange.attempts === 0 && exchange.waiting === undefined;
    exchange.backend = backend;
    if (service.isTimed) exchange.attemptedAt = this.#context.elapsed();
    const upstream = startAttempt(exchange, service, backend, isFresh, this.#context);
    exchange.upstream = upstream;
    // What came with the head follows in this turn, and leaves with it.
    if (isFirst && !exchange.body.isComplete) return;
    const flow = upstream.flush();
    // The attempt before, or the wait for this one, may have stopped the client.
    if (flow !== 'full' && !exchange.body.isComplete) exchange.downstream.resumeBody();
  }

  /** The request is on its way: from now on a failed attempt may have had an effect. */
  onConnected(exchange: Exchange): void {
    const { retry } = (exchange.service as ServiceState).service;
    const isOnceOver = retry.on.status.length > 0 && isRepeatable(exchange, retry, true);
    exchange.body.markSent(isRepeatable(exchange, retry), isOnceOver);
  }

  /** The response's head is here; false when it is not used. */
  onResponse(exchange: Exchange, head: ResponseHead, from: Upstream): boolean {
    const service = exchange.service as ServiceState;
    const backend = backendOf(exchange, from);
    answered(exchange, service, backend, head, this.#context);
    if (isRetryStatus(head.status, service.service.retry)) {
      const error = statusError(head.status);
      blame(exchange, service, backend, error, this.#context);
      if (this.#goesOn(exchange, service, error, from)) return false;
    }
    if (exchange.hedge !== undefined && keepAttempt(exchange, service, from)) service.stats.hedgesWon++;
    const page = head.status < 400 ? undefined : this.#context.fallbacks.errorPage(exchange, head.status);
    if (page !== undefined) {
      exchange.upstream?.abort();
      this.#send(exchange, page);
      return false;
    }
    exchange.answered = true;
    exchange.status = head.status;
    exchange.downstream.respond(
      head,
      service.sticky === undefined ? '' : service.stickyFields(exchange, exchange.backend),
    );
    return true;
  }

  /** The response was handed on whole. */
  onComplete(exchange: Exchange): void {
    const { backend, service } = exchange;
    if (backend?.isDoubted === true && service !== undefined)
      if (!isRetryStatus(exchange.status, service.service.retry)) backend.wentWell();
    this.#finish(exchange);
  }

  /** The attempt failed: once more, or no more? */
  onFailure(exchange: Exchange, error: ProxyError, from: Upstream): void {
    const service = exchange.service as ServiceState;
    const { retry } = service.service;
    const backend = backendOf(exchange, from);
    if (error.code === 'never-read' || error.code === 'turned-away') exchange.body.takeBack();
    if (error.code === 'never-read' || error.code === 'stale-connection')
      backend?.foundStale(this.#context.upstream.sweep.now);
    if (error.code === 'exhausted') this.#context.makeRoom();
    if (backend !== undefined && exchange.hedge === undefined && mayRedial(exchange, error, retry)) {
      this.#attempt(exchange, service, redialled(exchange, service, backend), true);
      exchange.attempts--;
      return;
    }
    blame(exchange, service, backend, error, this.#context);
    const now = this.#context.elapsed();
    // An attempt beside it began later, and would have as much time again.
    if (isTooLate(exchange, error, service.service.timeouts, now)) this.#fail(exchange, service, error);
    else if (exchange.hedge !== undefined) dropAttempt(exchange, service, from);
    else if (paysRetry(exchange, service, error, now)) this.#retry(exchange, service, error);
    else this.#fail(exchange, service, error);
  }

  /** The client went away or broke its request, or its time is up. */
  clientFailed(exchange: Exchange, error: ProxyError): void {
    exchange.upstream?.abort();
    if (exchange.answered || error.status === CLIENT_GONE) this.#cut(exchange, error);
    else this.#answer(exchange, error);
  }

  /** A response that is not wanted: true when there is another attempt, or can be. */
  #goesOn(exchange: Exchange, service: ServiceState, error: ProxyError, from: Upstream): boolean {
    if (exchange.hedge !== undefined) {
      from.abort();
      dropAttempt(exchange, service, from);
      return true;
    }
    if (exchange.backend === undefined || !mayRetry(exchange, error, service.service.retry)) return false;
    if (service.pickOther(triedBy(exchange), exchange) === undefined) return false;
    if (!pay(exchange, service, this.#context.elapsed())) return false;
    from.abort();
    if (error.retry === 'over') exchange.body.release();
    this.#retry(exchange, service, error);
    return true;
  }

  #retry(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    release(exchange);
    exchange.error = error;
    exchange.tried = triedBy(exchange);
    this.#choose(exchange, service, error);
  }

  /** No backend answers: what the service says should answer instead, else the error. */
  #fail(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    if (exchange.answered) return this.#cut(exchange, error);
    release(exchange);
    const isHolding = service.service.holdMs > 0 && mayHold(exchange, error, service.service.retry);
    if (isHolding && this.#wait(exchange, service, error, true)) return;
    const pauseMs = pauseBefore(exchange, service.service, error, Math.random);
    if (pauseMs !== undefined) return this.#pause(exchange, service, error, pauseMs);
    if (mayFallBack(exchange, error)) this.#fallBack(exchange, service, error);
    else this.#answer(exchange, error);
  }

  /** The only backends there are refused: they are asked again in a moment. */
  #pause(exchange: Exchange, service: ServiceState, error: ProxyError, ms: number): void {
    exchange.pauses++;
    exchange.tried = undefined;
    if (!exchange.body.isComplete) exchange.downstream.pauseBody();
    const again = () => {
      service.stats.retries++;
      this.#choose(exchange, service, error);
    };
    exchange.pause = this.#context.after(ms, this.#context.guard.within(exchange, again));
  }

  #fallBack(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    const fallback = nextFallback(exchange, service, (name) => this.#context.serviceNamed(name));
    if (fallback === undefined) return this.#answer(exchange, error);
    service.stats.fallbacks++;
    exchange.error = error;
    if (fallback.kind === 'service') {
      const other = this.#context.serviceNamed(fallback.service) as ServiceState;
      refund(exchange);
      exchange.service = other;
      exchange.tried = undefined;
      exchange.attempts = 0;
      this.#choose(exchange, other, error);
    } else if (fallback.kind === 'url')
      this.#context.fallbacks.forward(exchange, fallback, this.#context.guard);
    else this.#send(exchange, this.#context.fallbacks.reply(exchange, fallback));
  }

  #answer(exchange: Exchange, error: ProxyError): void {
    exchange.error = error;
    const page = this.#context.fallbacks.errorPage(exchange, error.status);
    this.#send(
      exchange,
      page ?? errorReply(error, exchange.head.field('accept') ?? '', exchange.id, exchange.head.host),
    );
  }

  #send(exchange: Exchange, reply: Reply): void {
    exchange.status = reply.status;
    exchange.bytesOut = reply.body.length;
    exchange.downstream.reply(reply);
    this.#finish(exchange);
  }

  /** It is too late for an answer: the client must see that what it has is not whole. */
  #cut(exchange: Exchange, error: ProxyError): void {
    exchange.error = error;
    exchange.isCut = true;
    if (!exchange.answered) exchange.status = error.status;
    exchange.downstream.reset();
    this.#finish(exchange);
  }

  /** Every exchange ends here, once. */
  #finish(exchange: Exchange): void {
    if (exchange.finished) return;
    exchange.finished = true;
    letGo(exchange);
    this.#context.finished(exchange);
    goOn(exchange.downstream);
  }
}
