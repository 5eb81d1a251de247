import type { BackendState } from '../upstream/backend-state.ts';
import type { TrialLimits } from '../upstream/pending.ts';
import { Attempt, type AttemptContext } from './attempt.ts';
import { triedBy } from './pick.ts';
import { mayHedge } from './retry.ts';

/** A second backend for a request whose own backend hangs; undefined when it must stay there. */
function pickHedge({ exchange, service, backend }: Attempt): BackendState | undefined {
  const { retry, hedge } = service.service;
  if (hedge === 'off' || backend === undefined || !mayHedge(exchange, retry)) return undefined;
  return service.pickOther(triedBy(exchange), exchange);
}

/** Second attempts for requests whose backend hangs. */
export class Hedger {
  readonly #context: AttemptContext;
  readonly #moveOn: (attempt: Attempt) => void;

  /** @param moveOn replaces an attempt by one on another backend */
  constructor(context: AttemptContext, moveOn: (attempt: Attempt) => void) {
    this.#context = context;
    this.#moveOn = moveOn;
  }

  hedge(attempt: Attempt): void {
    const backend = pickHedge(attempt);
    if (backend === undefined) return;
    if (attempt.isSent) return void this.#start(attempt, backend);
    // Nothing was sent yet, so the first attempt can simply be replaced.
    attempt.upstream.abort();
    this.#moveOn(attempt);
  }

  tryOut(attempt: Attempt, on: BackendState | undefined, limits: TrialLimits): Attempt | undefined {
    const { service, exchange } = attempt;
    const picked = pickHedge(attempt);
    const backend = on ?? picked;
    if (picked === undefined || backend === undefined) return undefined;
    const tried = triedBy(exchange);
    if (tried.includes(backend) || !backend.hasRoom) return undefined;
    const isSpare = service.backends.some(
      (other) => other !== backend && !tried.includes(other) && other.isAvailable,
    );
    if ((!isSpare && !limits.mayBeLast) || (on === undefined && backend.inFlight > 0 && !limits.mayBeBusy))
      return undefined;
    return this.#start(attempt, backend);
  }

  /** Sends the request to another backend as well; undefined when the retry budget does not pay for it. */
  #start({ exchange, service }: Attempt, backend: BackendState): Attempt | undefined {
    if (!service.pay()) return undefined;
    exchange.tried = triedBy(exchange);
    exchange.attempts++;
    const second = new Attempt(exchange, service, backend, this.#context, { isPaid: true });
    exchange.second = second;
    second.upstream.flush();
    service.stats.hedges++;
    return second;
  }
}

/** Ends one of two attempts; the exchange continues with the other one. */
export function dropAttempt(attempt: Attempt): void {
  const { exchange } = attempt;
  const { second } = exchange;
  if (second === undefined) return;
  exchange.second = undefined;
  if (attempt !== second) exchange.attempt = second;
  attempt.end('failed');
}

/** Keeps the one of two attempts that has answered, and cancels the other. True when the second was faster. */
export function keepAttempt(attempt: Attempt): boolean {
  const { exchange } = attempt;
  const { attempt: first, second } = exchange;
  const loser = attempt === second ? first : second;
  if (second === undefined || loser === undefined) return false;
  loser.upstream.abort();
  if (loser.outcome === 'pending') loser.outcome = 'cancelled';
  dropAttempt(loser);
  return attempt === second;
}
