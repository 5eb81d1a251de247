import type { UrlFallback } from '../../model/service.ts';
import type { ProxyError } from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { Flow } from '../socket/outbox.ts';
import { BackendState } from '../upstream/backend-state.ts';
import type { HangWatch } from '../upstream/hang.ts';
import type { Outcome, PendingAttempt, TrialLimits } from '../upstream/pending.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';

/** The backend's side of an attempt: it is told what the request is, and reports to its attempt. */
export interface Upstream {
  write(buffer: Buffer, from: number, to: number): void;
  /** The request is whole. */
  end(trailers: string): void;
  flush(): Flow;
  /** Gives up: nothing is reported after it. */
  abort(): void;
  /** The client drained: read on. */
  resume(): void;
}

/** Where an attempt leads: a backend, or another site that stands in for all of them. */
export type Target = BackendState | UrlFallback;

/** Finds the way to a target, whatever is spoken there. */
export interface Connector {
  /**
   * Sends the request, as far as it has come.
   * @param isFresh not on a connection that served before
   */
  start(attempt: Attempt, target: Target, isFresh: boolean): Upstream;
}

/** What happens to an attempt is decided by whoever owns the exchanges. None of these throws. */
export interface AttemptEvents {
  /** The request is on its way: an attempt that fails from now on may have reached the backend. */
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
  elapsed(): number;
}

/** One try of an exchange on one backend. It has its place there from its making to its end, and no longer. */
export class Attempt implements PendingAttempt {
  readonly exchange: Exchange;
  readonly service: ServiceState;
  /** Undefined where another site answers. */
  readonly backend: BackendState | undefined;
  /** `Clock.elapsed`; 0 where the service does not measure it. */
  readonly startedAt: number;
  readonly upstream: Upstream;
  since: number;
  outcome: Outcome = 'pending';
  isOver = false;
  #isConnected = false;
  /** The budget of the service paid for it. */
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
    // How long an upgrade may take nobody can tell from outside.
    this.since = exchange.head.upgrade === '' ? context.watch.tick : Number.POSITIVE_INFINITY;
    if (this.backend !== undefined) this.#takePlace(this.backend);
    try {
      this.upstream = context.connector.start(this, target, isFresh);
    } catch (error) {
      this.end('failed');
      throw error;
    }
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

  // Of the request.

  write(buffer: Buffer, from: number, to: number): void {
    this.upstream.write(buffer, from, to);
  }

  /** The request is whole: from now on the backend is waited for. */
  requestEnded(trailers: string): void {
    if (this.since < Number.POSITIVE_INFINITY) this.since = this.#context.watch.tick;
    this.upstream.end(trailers);
  }

  // What its upstream reports.

  connected(): void {
    this.#isConnected = true;
    this.#context.events.onConnected(this);
  }

  /** False when the response will not be used and the attempt is over. */
  responded(head: ResponseHead): boolean {
    this.backend?.silence.answered(this.#context.watch.tick - this.since);
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

  // How it ends.

  /** It is over, if it was not before: its place at the backend is another's, and what it was paid with, too. */
  end(outcome: Outcome): void {
    if (this.isOver) return;
    this.#leave(outcome);
    if (this.#isPaid) this.service.refund();
    this.service.released();
  }

  /** There is another attempt at once: it takes its place, and what was paid. Answers whether anything was. */
  replace(): boolean {
    this.#leave('failed');
    return this.#isPaid;
  }

  #leave(outcome: Outcome): void {
    this.isOver = true;
    if (this.outcome === 'pending') this.outcome = outcome;
    this.backend?.attempts.delete(this);
  }

  /** Ends it without an answer. */
  cancel(): void {
    if (this.isOver) return;
    this.upstream.abort();
    this.end('cancelled');
  }

  // When its backend hangs.

  hedge(): void {
    this.#context.events.hedge(this);
  }

  tryOut(on: BackendState | undefined, limits: TrialLimits): Attempt | undefined {
    return this.#context.events.tryOut(this, on, limits);
  }
}

const FIRST: { readonly isFresh?: boolean; readonly isPaid?: boolean } = {};
