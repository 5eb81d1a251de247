import { UpstreamConnection, type UpstreamContext } from '../http1/client.ts';
import { CHUNKED } from '../http1/head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { requestText } from '../http1/write.ts';
import { normalizePath } from '../routing/path.ts';
import type { RouteTable } from '../routing/table.ts';
import { UpgradeUpstream } from '../upgrade.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { Ejector } from '../upstream/ejection.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import { ejectCause, ProxyError } from './errors.ts';
import type { Exchange, ExchangeEvents } from './exchange.ts';
import { type Fallbacks, mayFallBack, nextFallback } from './fallback.ts';
import { addedFields, targetOf } from './headers.ts';
import { errorReply, type Reply } from './reply.ts';
import { RequestLimit } from './request-limit.ts';
import { isIdempotent, isRetryStatus, mayHold, mayRedial, mayRetry } from './retry.ts';
import { Waiting, type WaitingEvents } from './waiting.ts';

/** What the straight line needs of the rest of the data plane. */
export interface ForwardContext {
  readonly table: RouteTable<ServiceState>;
  readonly upstream: UpstreamContext;
  readonly fallbacks: Fallbacks;
  /** `Clock.elapsed`. */
  elapsed(): number;
  readonly ejector: Ejector;
  serviceNamed(name: string): ServiceState | undefined;
  /** Closes idle connections: there is no descriptor left for another. */
  makeRoom(): void;
  /** Counts and logs: called once for each exchange. */
  finished(exchange: Exchange): void;
}

/** What a failed attempt counts for where latency decides. */
const FAILURE_MS = 1_000;

const BAD_PATH = new ProxyError('bad-request', 'the path can be understood in more than one way');
const NO_ROUTE = new ProxyError('no-route', 'no route matches the host and path');
const UNAVAILABLE = new ProxyError('unavailable', 'no backend is available');
const BUSY = new ProxyError('busy', 'every available backend has as many requests as it may');
const RETRY_STATUS = new ProxyError('retry-status', 'the policy retries this status');
const TIMED_OUT = new ProxyError('request-timeout', 'the exchange took longer than its limit');

/** The life of a request: its steps in the order in which they happen. */
export class Forwarder implements ExchangeEvents, WaitingEvents {
  readonly #context: ForwardContext;

  constructor(context: ForwardContext) {
    this.#context = context;
  }

  /** A head has come: which route? */
  open(exchange: Exchange): void {
    const { head } = exchange;
    const path = head.target === '*' ? '/' : normalizePath(head.target);
    if (path === undefined) return this.#answer(exchange, BAD_PATH);
    exchange.path = path;
    const entry = this.#context.table.match(head.host, path);
    if (entry === undefined) return this.#answer(exchange, NO_ROUTE);
    exchange.entry = entry;
    exchange.service = entry.service;
    const { requestMs } = entry.service.service.timeouts;
    if (requestMs > 0) {
      const { sweep } = this.#context.upstream;
      exchange.limit = new RequestLimit(sweep, requestMs, () => this.clientFailed(exchange, TIMED_OUT));
    }
    this.#choose(exchange, entry.service, UNAVAILABLE);
  }

  /** Which backend? `otherwise` is what is wrong when there is none. */
  #choose(exchange: Exchange, service: ServiceState, otherwise: ProxyError): void {
    const backend =
      exchange.tried === undefined ? service.pick(exchange) : service.pickOther(exchange.tried, exchange);
    if (backend === undefined) {
      if (!service.isFull(exchange.tried)) return this.#fail(exchange, service, otherwise);
      if (!this.#wait(exchange, service, BUSY, false)) this.#fail(exchange, service, BUSY);
      return;
    }
    if (exchange.tried !== undefined) service.stats.retries++;
    this.#attempt(exchange, service, backend, false);
  }

  /** Stands in line for a backend; false when nobody may, or it did for long enough. */
  #wait(exchange: Exchange, service: ServiceState, error: ProxyError, isHeld: boolean): boolean {
    if (service.line.size >= service.service.queue.size) return false;
    const before = exchange.waiting;
    if (before === undefined || before.service !== service) {
      exchange.waiting = new Waiting(exchange, service, error, isHeld, this.#context.upstream.sweep, this);
    } else if (!before.goesOn(error, isHeld)) return false;
    exchange.waiting?.enter();
    return true;
  }

  lookAgain(waiting: Waiting): void {
    const { exchange, service } = waiting;
    const { tried } = exchange;
    const backend = tried === undefined ? service.pick(exchange) : service.pickOther(tried, exchange);
    if (backend === undefined) return;
    waiting.leave();
    this.#attempt(exchange, service, backend, false);
  }

  waitedInVain({ exchange, service, error }: Waiting): void {
    this.#fail(exchange, service, error);
  }

  /** Sends it the request, on a connection that waits unless it must be fresh. */
  #attempt(exchange: Exchange, service: ServiceState, backend: BackendState, isFresh: boolean): void {
    const { head, body } = exchange;
    const { upstream } = this.#context;
    const isFirst = exchange.attempts === 0 && exchange.waiting === undefined;
    exchange.attempts++;
    exchange.backend = backend;
    backend.inFlight++;
    if (service.isTimed) exchange.attemptedAt = this.#context.elapsed();
    backend.stats.requests++;
    if (head.upgrade !== '') {
      exchange.upstream = new UpgradeUpstream(exchange, backend, this, upstream);
      return;
    }
    const waiting = isFresh ? undefined : (backend.idle.pop() as UpstreamConnection | undefined);
    const connection = waiting ?? new UpstreamConnection(upstream, backend);
    exchange.upstream = connection;
    connection.assign(exchange, service.service.timeouts, service.service.retry.timeoutMs);
    connection.send(
      requestText(head, targetOf(exchange), addedFields(exchange, backend)),
      head.length === CHUNKED,
    );
    body.replay(connection);
    // What came with the head follows in this turn, and leaves with it.
    if (isFirst && !body.isComplete) return;
    const flow = connection.flush();
    // The attempt before, or the wait for this one, may have stopped the client.
    if (flow !== 'full' && !body.isComplete) exchange.downstream.resumeBody();
  }

  /** The request is on its way: from now on a failed attempt may have had an effect. */
  onConnected(exchange: Exchange): void {
    exchange.body.markSent(isIdempotent(exchange.head.method));
  }

  /** The response's head is here; false when it is not used. */
  onResponse(exchange: Exchange, head: ResponseHead): boolean {
    const service = exchange.service as ServiceState;
    if (service.isTimed) this.#measure(exchange, head.status < 500 ? 0 : FAILURE_MS);
    if (isRetryStatus(head.status, service.service.retry)) {
      this.#blame(exchange, service, new ProxyError('retry-status', `HTTP ${head.status}`));
      if (this.#canRetryElsewhere(exchange, service)) {
        exchange.upstream?.abort();
        this.#retry(exchange, service, RETRY_STATUS);
        return false;
      }
    }
    // 502 to 504: it, or what it needs, is not there.
    else if (head.status > 501 && exchange.backend !== undefined)
      this.#context.ejector.doubted(exchange.backend);
    const page = head.status < 400 ? undefined : this.#context.fallbacks.errorPage(exchange, head.status);
    if (page !== undefined) {
      exchange.upstream?.abort();
      this.#send(exchange, page);
      return false;
    }
    exchange.answered = true;
    exchange.status = head.status;
    const { sticky } = service;
    exchange.downstream.respond(head, sticky === undefined ? '' : sticky.fields(exchange, exchange.backend));
    return true;
  }

  /** The response was handed on whole. */
  onComplete(exchange: Exchange): void {
    const { backend, service } = exchange;
    if (backend !== undefined && backend.failuresInRow > 0 && service !== undefined) {
      if (!isRetryStatus(exchange.status, service.service.retry)) backend.failuresInRow = 0;
    }
    this.#finish(exchange);
  }

  /** The attempt failed: once more, or no more? */
  onFailure(exchange: Exchange, error: ProxyError): void {
    const service = exchange.service as ServiceState;
    const { backend } = exchange;
    if (error.code === 'exhausted') this.#context.makeRoom();
    if (backend !== undefined && mayRedial(exchange, error)) {
      this.#release(exchange);
      exchange.redialled = true;
      this.#attempt(exchange, service, backend, true);
      exchange.attempts--;
      return;
    }
    this.#blame(exchange, service, error);
    if (mayRetry(exchange, error, service.service.retry)) this.#retry(exchange, service, error);
    else this.#fail(exchange, service, error);
  }

  /** The client went away or broke its request, or its time is up. */
  clientFailed(exchange: Exchange, error: ProxyError): void {
    exchange.upstream?.abort();
    if (exchange.answered || error.code === 'client-gone') this.#cut(exchange, error);
    else this.#answer(exchange, error);
  }

  /** How long the backend took to answer, and at least that: failing fast is no virtue. */
  #measure(exchange: Exchange, atLeastMs: number): void {
    const now = this.#context.elapsed();
    exchange.backend?.latency.observe(Math.max(now - exchange.attemptedAt, atLeastMs), now);
  }

  /** The attempt's backend has failed: that counts, and may take it out. */
  #blame(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    const { backend } = exchange;
    if (backend === undefined || error.side !== 'upstream') return;
    backend.countFailure(error.code);
    if (service.isTimed && !exchange.answered) this.#measure(exchange, FAILURE_MS);
    const cause = ejectCause(error);
    if (cause !== undefined) this.#context.ejector.failed(service, backend, cause, error.detail);
  }

  #canRetryElsewhere(exchange: Exchange, service: ServiceState): boolean {
    if (exchange.backend === undefined) return false;
    const tried = [...(exchange.tried ?? []), exchange.backend];
    return (
      mayRetry(exchange, RETRY_STATUS, service.service.retry) &&
      service.pickOther(tried, exchange) !== undefined
    );
  }

  #retry(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    this.#release(exchange);
    exchange.error = error;
    exchange.tried = [...(exchange.tried ?? []), exchange.backend as BackendState];
    this.#choose(exchange, service, error);
  }

  /** No backend answers: what the service says should answer instead, else the error. */
  #fail(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    if (exchange.answered) return this.#cut(exchange, error);
    this.#release(exchange);
    const isHolding = service.service.holdMs > 0 && mayHold(exchange, error);
    if (isHolding && this.#wait(exchange, service, error, true)) return;
    if (mayFallBack(exchange, error)) this.#fallBack(exchange, service, error);
    else this.#answer(exchange, error);
  }

  #fallBack(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    const fallback = nextFallback(exchange, service, (name) => this.#context.serviceNamed(name));
    if (fallback === undefined) return this.#answer(exchange, error);
    service.stats.fallbacks++;
    exchange.error = error;
    if (fallback.kind === 'service') {
      const other = this.#context.serviceNamed(fallback.service) as ServiceState;
      exchange.service = other;
      exchange.tried = undefined;
      exchange.attempts = 0;
      this.#choose(exchange, other, error);
    } else if (fallback.kind === 'url') this.#context.fallbacks.forward(exchange, fallback.url, this);
    else this.#send(exchange, this.#context.fallbacks.reply(exchange, fallback));
  }

  #answer(exchange: Exchange, error: ProxyError): void {
    exchange.error = error;
    const page = this.#context.fallbacks.errorPage(exchange, error.status);
    this.#send(exchange, page ?? errorReply(error, exchange.head.field('accept') ?? '', exchange.id));
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
    if (!exchange.answered) exchange.status = error.status;
    exchange.downstream.reset();
    this.#finish(exchange);
  }

  /** The attempt is over, however it went. */
  #release(exchange: Exchange): void {
    if (exchange.upstream === undefined) return;
    exchange.upstream = undefined;
    if (exchange.backend !== undefined) exchange.service?.release(exchange.backend);
  }

  /** Every exchange ends here, once. */
  #finish(exchange: Exchange): void {
    if (exchange.finished) return;
    exchange.finished = true;
    this.#release(exchange);
    exchange.limit?.cancel();
    exchange.waiting?.leave();
    this.#context.finished(exchange);
    exchange.downstream.finished();
  }
}
