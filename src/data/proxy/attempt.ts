import type { UrlFallback } from '../../model/service.ts';
import type { ProxyError } from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { Flow } from '../socket/transport.ts';
import { BackendState } from '../upstream/backend-state.ts';
import type { HangWatch } from '../upstream/hang.ts';
import type { Outcome, PendingAttempt, TrialLimits } from '../upstream/pending.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';

/** The backend's side of an attempt. The exchange writes the request to it; it reports the response to its attempt. */
export interface Upstream {
  write(buffer: Buffer, from: number, to: number): void;
  /** The request is whole. */
  end(trailers: string): void;
  flush(): Flow;
  /** Ends the try. Nothing is reported after it. */
  abort(): void;
  /** The client takes more of the response again: reading goes on. */
  resume(): void;
}

/** Where an attempt leads: a backend, or another site that stands in for all of them. */
export type Target = BackendState | UrlFallback;

/** Chooses and opens the connection to a target, by the protocol that is spoken there. */
export interface Connector {
  /**
   * Begins the request. The part of its body that has come so far follows.
   * @param isFresh true forbids a connection that has served before
   */
  start(attempt: Attempt, target: Target, isFresh: boolean): Upstream;
}

/** What becomes of an attempt is decided by the owner of the exchanges. None of these methods throws. */
export interface AttemptEvents {
  /** The request is on its way: if the attempt fails from now on, the backend may have seen it. */
  onConnected(attempt: Attempt): void;
  /** False when the response will not be used and the attempt is over. */
  onResponse(attempt: Attempt, head: ResponseHead): boolean;
  onComplete(attempt: Attempt): void;
  onFailure(attempt: Attempt, error: ProxyError): void;
  /** Code of ours threw: the exchange ends. */
  onBroken(exchange: Exchange, error: unknown): void;
  hedge(attempt: Attempt): void;
  tryOut(attempt: Attempt, on: BackendState | undefined, limits: TrialLimits): Attempt | undefined;
}

/** What all attempts need. */
export interface AttemptContext {
  readonly connector: Connector;
  readonly watch: Pick<HangWatch, 'tick' | 'watch'>;
  readonly events: AttemptEvents;
  /** `Clock.elapsed`. */
  readonly elapsed: () => number;
}

/** One try of an exchange on one backend. It counts as in flight there from its construction until it ends. */
export class Attempt implements PendingAttempt {
  readonly exchange: Exchange;
  readonly service: ServiceState;
  /** Undefined where another site answers. */
  readonly backend: BackendState | undefined;
  /** `Clock.elapsed`; 0 where the service does not measure it. */
  readonly startedAt: number;
  readonly upstream: Upstream;
  since: number;
  index = 0;
  outcome: Outcome = 'pending';
  isOver = false;
  #isConnected = false;
  /** The retry budget of the service paid for this attempt. */
  readonly #isPaid: boolean;
  readonly #context: AttemptContext;

  constructor(
    exchange: Exchange,
    service: ServiceState,
    target: Target,
    context: AttemptContext,
    { isFresh = false, isPaid = false } = FIRST,
  ) {
    this.exchange = exchange;
    this.service = service;
    this.backend = target instanceof BackendState ? target : undefined;
    this.startedAt = service.isTimed ? context.elapsed() : 0;
    this.#isPaid = isPaid;
    this.#context = context;
    // The hang watch leaves upgrades alone: how long one takes cannot be told from outside.
    this.since = exchange.head.upgrade === '' ? context.watch.tick : Number.POSITIVE_INFINITY;
    if (this.backend !== undefined) this.#takePlace(this.backend);
    let upstream: Upstream | undefined;
    try {
      upstream = context.connector.start(this, target, isFresh);
      exchange.body.replay(upstream);
    } catch (error) {
      upstream?.abort();
      this.end('failed');
      throw error;
    }
    this.upstream = upstream;
  }

  #takePlace(backend: BackendState): void {
    backend.attempts.add(this);
    backend.stats.requests++;
    if (!backend.silence.isWatched) this.#context.watch.watch(this.service, backend);
  }

  get path(): string {
    return this.exchange.path;
  }

  get isSent(): boolean {
    return this.exchange.body.isSent;
  }

  get isAwaited(): boolean {
    return this.outcome === 'pending' && (!this.#isConnected || this.exchange.body.isComplete);
  }

  // The request, from the exchange.

  write(buffer: Buffer, from: number, to: number): void {
    this.upstream.write(buffer, from, to);
  }

  /** The request is whole: from now on the backend is waited for. */
  requestEnded(trailers: string): void {
    if (this.since < Number.POSITIVE_INFINITY) this.since = this.#context.watch.tick;
    this.upstream.end(trailers);
  }

  // The response, from the upstream.

  connected(): void {
    this.#isConnected = true;
    this.#context.events.onConnected(this);
  }

  /** False when the response will not be used and the attempt is over. */
  responded(head: ResponseHead): boolean {
    this.backend?.silence.responded(this.#context.watch.tick - this.since);
    return this.#context.events.onResponse(this, head);
  }

  completed(): void {
    this.#context.events.onComplete(this);
  }

  failed(error: ProxyError): void {
    this.#context.events.onFailure(this, error);
  }

  broken(error: unknown): void {
    this.#context.events.onBroken(this.exchange, error);
  }

  // The end of the attempt.

  /** Ends the attempt, if it has not ended before: frees its place at the backend, and gives back what the budget paid. */
  end(outcome: Outcome): void {
    if (this.isOver) return;
    this.#leave(outcome);
    if (this.#isPaid) this.service.refund();
    this.service.released();
  }

  /**
   * Ends the attempt in favour of another one that follows at once: nobody who waits gets its place in between. Returns whether
   * the budget paid for it; that payment is the other one's.
   */
  replace(): boolean {
    if (!this.isOver) this.#leave('failed');
    return this.#isPaid;
  }

  #leave(outcome: Outcome): void {
    this.isOver = true;
    if (this.outcome === 'pending') this.outcome = outcome;
    this.backend?.attempts.delete(this);
  }

  /** Aborts the attempt, whose response is no longer wanted. */
  cancel(): void {
    if (this.isOver) return;
    this.upstream.abort();
    this.end('cancelled');
  }

  // From the hang watch.

  hedge(): void {
    this.#context.events.hedge(this);
  }

  tryOut(on: BackendState | undefined, limits: TrialLimits): Attempt | undefined {
    return this.#context.events.tryOut(this, on, limits);
  }
}

const FIRST: { readonly isFresh?: boolean; readonly isPaid?: boolean } = {};
