import type { Clock } from '../../model/clock.ts';
import type { Proof } from '../../model/health.ts';
import { type BackendSignal, type Charge, type EjectCause, outweighs } from '../../model/signal.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { BackendState } from './backend-state.ts';
import { type Ejection, EjectionHistory, isLent, LONGEST_MS } from './ejection.ts';
import { hasOther, maxEjected, mayEject } from './ejection-limits.ts';
import type { ServiceState } from './service-state.ts';

/**
 * Takes backends out on which requests fail, for a time that doubles (the states are drawn at `Ejection`). What it decides
 * holds in this process at once, and the control plane is told. It never takes out more than the service's share of
 * backends (`eject.max`), nor the last available one.
 */
export class Ejector implements Expiring {
  deadline = Number.POSITIVE_INFINITY;
  readonly #sweep: Sweep;
  readonly #clock: Clock;
  readonly #onSignal: (signal: BackendSignal) => void;
  /** The backends that have an ejection, with their service. */
  readonly #out = new Map<BackendState, ServiceState>();
  readonly #histories = new WeakMap<BackendState, EjectionHistory>();

  constructor(sweep: Sweep, clock: Clock, onSignal: (signal: BackendSignal) => void) {
    this.#sweep = sweep;
    this.#clock = clock;
    this.#onSignal = onSignal;
    sweep.add(this);
  }

  /** A request failed on a backend. That ejects it after enough failures in a row, or at once if it refused a connection. */
  failed(service: ServiceState, backend: BackendState, cause: EjectCause, detail: string): void {
    const { failures } = service.service.eject;
    backend.failuresInRow++;
    if (backend.ejection !== undefined) return;
    this.#doubt(backend);
    if (failures === 0 || (cause !== 'connect' && backend.failuresInRow < failures)) return;
    const count = backend.failuresInRow;
    this.eject(
      service,
      backend,
      cause,
      `${count} failed ${count === 1 ? 'request' : 'requests in a row'}: ${detail}`,
    );
  }

  /** A backend answered that it cannot serve (502 to 504): no reason to eject it, but to have it probed. */
  doubted(backend: BackendState): void {
    if (backend.ejection === undefined) this.#doubt(backend);
  }

  /**
   * A backend asked for a rest (503 with Retry-After). That may be the limit of a single URL, so it gets its rest only
   * once it has asked for several, as often in a row as failures eject it: for a minute at most, or until a check passes.
   */
  rest(service: ServiceState, backend: BackendState, path: string, restMs: number): void {
    const { failures } = service.service.eject;
    if (backend.restsAsked > 0 && backend.restAskedFor === path) return;
    backend.restAskedFor = path;
    backend.restsAsked++;
    if (failures === 0 || backend.restsAsked < failures || !mayEject(service, backend)) return;
    backend.restsAsked = 0;
    const lasts = Math.min(restMs, LONGEST_MS);
    const reason = `it asked to be left alone for ${Math.ceil(restMs / 1_000)} s (503 with Retry-After)`;
    this.#charge(service, backend, 'retry-after', 'check', lasts, reason);
  }

  /** Ejects a backend if the limits allow it. */
  eject(service: ServiceState, backend: BackendState, cause: EjectCause, reason: string): void {
    if (backend.ejection !== undefined || !mayEject(service, backend)) return;
    const history = this.#historyOf(backend);
    const lasts = history.begin(this.#clock.elapsed(), service.service.eject.durationMs);
    // Where requests failed again right after a check had passed, the check asks for something else than they do.
    const isBelieved = history.isFirst || !backend.isOnProbation;
    this.#charge(service, backend, cause, proofFor(cause, isBelieved), lasts, reason);
  }

  /** A backend seems to hang: it gets no new requests until that is certain. */
  suspect(service: ServiceState, backend: BackendState): void {
    const { failures, durationMs } = service.service.eject;
    if (failures === 0 || !mayEject(service, backend)) return;
    this.#takeOut(service, backend, { ...this.#hang(durationMs), state: 'suspected' });
  }

  /**
   * Lends a backend to a trial: it gets no other request until `giveBack`, or until a probe shows that it lives. Returns
   * false, and does nothing, when it is the last available one.
   */
  lend(service: ServiceState, backend: BackendState): boolean {
    if (!backend.isAvailable || !hasOther(service, backend)) return false;
    const ejection: Ejection = { ...this.#hang(LONGEST_MS), state: 'lent' };
    this.#takeOut(service, backend, ejection);
    this.#onSignal({ kind: 'suspected', backendId: backend.backend.id, at: ejection.at });
    return true;
  }

  /** The trial of a backend is over. */
  giveBack(backend: BackendState): void {
    if (isLent(backend)) this.#return(backend, backend.failuresInRow);
  }

  /** The backend hangs for certain: ejects it. */
  confirm(service: ServiceState, backend: BackendState, reason: string): void {
    if (service.service.eject.failures === 0 || isLent(backend)) return;
    if (backend.ejection?.state === 'suspected') {
      this.#out.delete(backend);
      backend.ejection = undefined;
    }
    this.eject(service, backend, 'hang', reason);
  }

  /** A backend has sent something, so whatever else it does, it does not hang. */
  heard(backend: BackendState): void {
    if (backend.ejection?.cause === 'hang' && !isLent(backend)) this.#return(backend, 0);
  }

  /** A probe of a backend passed: that ends an ejection whose charge it outweighs. */
  takeProof(service: ServiceState, backend: BackendState, proof: Proof): void {
    const { ejection } = backend;
    if (ejection === undefined || !outweighs(proof, ejection)) return;
    const isDoubtful = ejection.proof === 'check' && ejection.cause !== 'retry-after';
    this.#return(backend, isDoubtful ? onProbation(service) : 0);
  }

  /** Lets ejected backends return where the limits demand it, after a service's backends or their flags changed. */
  enforce(service: ServiceState): void {
    const out = service.backends.filter((backend) => backend.ejection !== undefined);
    if (out.length === 0) return;
    // Unflagged backends come first, since only those can serve at once, and of them the lent one, which did nothing wrong.
    out.sort((a, b) => a.flags.length - b.flags.length || Number(isLent(b)) - Number(isLent(a)));
    const counted = out.filter((backend) => !isLent(backend));
    for (const backend of counted.slice(0, Math.max(0, counted.length - maxEjected(service))))
      this.#return(backend, 0);
    for (const backend of out) {
      if (backend.flags.length > 0 || service.backends.some(({ isAvailable }) => isAvailable)) return;
      if (backend.ejection !== undefined) this.#return(backend, 0);
    }
  }

  /** The time of some ejection is over. */
  expire(): void {
    const { now } = this.#sweep;
    for (const [backend, service] of this.#out) {
      if ((backend.ejection?.until ?? 0) <= now) this.#return(backend, onProbation(service));
    }
    this.#schedule();
  }

  /** Ejects a backend, counts that, and tells the control plane. */
  #charge(
    service: ServiceState,
    backend: BackendState,
    cause: EjectCause,
    proof: Charge['proof'],
    lasts: number,
    reason: string,
  ): void {
    const at = this.#clock.now();
    this.#takeOut(service, backend, {
      cause,
      at,
      proof,
      until: this.#sweep.deadlineIn(lasts),
      state: 'ejected',
    });
    backend.stats.ejections[cause] = (backend.stats.ejections[cause] ?? 0) + 1;
    const backendId = backend.backend.id;
    this.#onSignal({ kind: 'ejected', backendId, cause, reason, at, until: at + lasts, proof });
  }

  /** The charge against a backend that may hang. */
  #hang(lasts: number): Omit<Ejection, 'state'> {
    return { cause: 'hang', at: this.#clock.now(), proof: 'life', until: this.#sweep.deadlineIn(lasts) };
  }

  #takeOut(service: ServiceState, backend: BackendState, ejection: Ejection): void {
    backend.ejection = ejection;
    this.#out.set(backend, service);
    this.#schedule();
    service.refresh();
  }

  /** Ends an ejection. The backend goes on with this count of failures in a row. */
  #return(backend: BackendState, failuresInRow: number): void {
    const service = this.#out.get(backend);
    this.#out.delete(backend);
    if (backend.ejection?.state === 'ejected') backend.isOnProbation = true;
    backend.ejection = undefined;
    backend.failuresInRow = failuresInRow;
    this.#historyOf(backend).end(this.#clock.elapsed());
    this.#schedule();
    service?.refresh();
    this.#onSignal({ kind: 'returned', backendId: backend.backend.id });
  }

  /** Asks the control plane for a probe. */
  #doubt(backend: BackendState): void {
    if (!this.#historyOf(backend).mayDoubt(this.#clock.elapsed())) return;
    this.#onSignal({ kind: 'doubt', backendId: backend.backend.id });
  }

  #historyOf(backend: BackendState): EjectionHistory {
    const history = this.#histories.get(backend) ?? new EjectionHistory();
    this.#histories.set(backend, history);
    return history;
  }

  #schedule(): void {
    let first = Number.POSITIVE_INFINITY;
    for (const { ejection } of this.#out.keys()) first = Math.min(first, ejection?.until ?? first);
    this.deadline = first;
  }
}

/** The proof that ends an ejection. One by failed requests waits for a check, but believes that only once in a row. */
function proofFor(cause: EjectCause, isBelieved: boolean): Charge['proof'] {
  if (cause === 'connect') return 'connection';
  if (cause === 'hang') return 'life';
  return isBelieved ? 'check' : 'none';
}

/** The failures in a row with which a backend returns on probation: the next one takes it out again. */
function onProbation({ service }: ServiceState): number {
  return Math.max(0, service.eject.failures - 1);
}
