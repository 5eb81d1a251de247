import type { Exchange } from '../proxy/exchange.ts';
import type { BackendState } from './backend-state.ts';
import type { Ejector } from './ejection.ts';
import type { HangEvents } from './hang.ts';
import type { ServiceState } from './service-state.ts';

/** For so many ticks a backend is looked for that has no requests: they would wait as well. */
const MAX_WAITS = 8;

/** Requests of a backend that hangs, sent to one other. */
interface Trial {
  readonly from: BackendState;
  readonly on: BackendState;
  /** It gets no others meanwhile. */
  readonly isLent: boolean;
  readonly exchanges: readonly Exchange[];
}

/**
 * Tries requests elsewhere that may be what their backend hangs over: an application with one thread answers nobody
 * while it works on one page, and whoever gets that page next answers nobody either. So at most one backend of a
 * service at a time is given such requests, and nothing else until it has answered them or a probe shows that it lives.
 * The first trial is of one request; each that goes well makes the next twice as large.
 */
export class Trials {
  readonly #ejector: Ejector;
  readonly #events: HangEvents;
  readonly #running = new Map<ServiceState, Trial>();

  constructor(ejector: Ejector, events: HangEvents) {
    this.#ejector = ejector;
    this.#events = events;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Begins one, unless one runs or there is nobody to be spared for it.
   * @param suspects the most harmless first
   * @param mayBeLast whether the only other backend may be given them, too
   */
  begin(service: ServiceState, from: BackendState, suspects: readonly Exchange[], mayBeLast: boolean): void {
    if (this.#running.has(service)) return;
    const exchanges: Exchange[] = [];
    let on: BackendState | undefined;
    const { silence } = from;
    const mayBeBusy = silence.trialWaits >= MAX_WAITS;
    for (const exchange of suspects) {
      const taker = this.#events.tryOut(exchange, on, { mayBeLast, mayBeBusy });
      if (taker === undefined) continue;
      on = taker;
      exchanges.push(exchange);
      if (exchanges.length >= silence.trialSize) break;
    }
    if (on === undefined) {
      if (suspects.length > 0) silence.trialWaits++;
      return;
    }
    const isLent = this.#ejector.lend(service, on);
    this.#running.set(service, { from, on, isLent, exchanges });
  }

  /** Some time has passed: which of them are over? */
  settle(): void {
    for (const [service, trial] of this.#running) {
      if (!isOver(trial)) continue;
      this.#running.delete(service);
      this.#ejector.giveBack(trial.on);
    }
  }
}

function isOver({ from, on, isLent, exchanges }: Trial): boolean {
  const { silence } = from;
  let running = 0;
  let answered = 0;
  let failed = 0;
  for (const { hedge, backend, answered: isAnswered, finished, path } of exchanges) {
    if (hedge?.backend === on || (backend === on && !isAnswered && !finished)) running++;
    else if (backend === on && isAnswered) {
      answered++;
      silence.harmless.add(path);
    } else if (!isAnswered && !finished) failed++;
  }
  if (answered === exchanges.length) silence.trialSize *= 2;
  const isFree = isLent && on.ejection?.isLoan !== true;
  // Where nobody waits for its answer any more only a probe can tell whether it is free.
  return running > 0 ? isFree : isFree || !isLent || answered + failed > 0;
}
