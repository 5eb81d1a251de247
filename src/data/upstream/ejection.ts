import type { Clock } from '../../model/clock.ts';
import type { Proof } from '../../model/health.ts';
import { type BackendSignal, type Charge, type EjectCause, outweighs } from '../../model/signal.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { BackendState } from './backend-state.ts';
import type { ServiceState } from './service-state.ts';

/** The longest ejection, unless the first is longer already; and how long without one makes the next a first. */
const LONGEST_MS = 60_000;

/** A backend that failed requests took out. */
export interface Ejection extends Charge {
  readonly cause: EjectCause;
  /** In the sweep's milliseconds. */
  readonly until: number;
  /** Nothing but a suspicion: a moment later it is heard of, or ejected. */
  readonly isSuspicion: boolean;
  /** It was given a request that may keep it from all others, and gets none until it has answered. */
  readonly isLoan?: true;
}

/** A backend that fails under load is not asked to be probed more often than this. */
const DOUBT_MS = 100;

/** What happened to a backend lately. Times are `Clock.elapsed`. */
interface Past {
  /** Ejections. */
  count: number;
  /** When the last one ended. */
  endedAt: number;
  /** When the control plane was told of a doubt. */
  doubtedAt: number;
}

/**
 * Takes backends out on which requests fail, for a time that doubles. What it decides holds in this process at
 * once; the control plane is told. Whatever happens, no more than the service's share of its backends is out this
 * way, and never the last one that is available.
 */
export class Ejector implements Expiring {
  deadline = Number.POSITIVE_INFINITY;
  readonly #sweep: Sweep;
  readonly #clock: Clock;
  readonly #onSignal: (signal: BackendSignal) => void;
  readonly #out = new Map<BackendState, ServiceState>();
  readonly #past = new WeakMap<BackendState, Past>();

  constructor(sweep: Sweep, clock: Clock, onSignal: (signal: BackendSignal) => void) {
    this.#sweep = sweep;
    this.#clock = clock;
    this.#onSignal = onSignal;
    sweep.add(this);
  }

  /** A request failed on it. A refused connection says enough by itself. */
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

  /** It answered that it cannot serve: nothing to eject it for, but worth a probe. */
  doubted(backend: BackendState): void {
    if (backend.ejection === undefined) this.#doubt(backend);
  }

  /**
   * It asked for a rest (503 with Retry-After). That may be the limit of one URL; when it answers nothing else for several,
   * as often in a row as failures take it out, it gets one, up to a limit and until its check passes.
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

  /** Takes it out if the limits allow it. */
  eject(service: ServiceState, backend: BackendState, cause: EjectCause, reason: string): void {
    if (backend.ejection !== undefined || !mayEject(service, backend)) return;
    const past = this.#pastOf(backend);
    if (this.#clock.elapsed() - past.endedAt > LONGEST_MS) past.count = 0;
    const { durationMs } = service.service.eject;
    const lasts = Math.min(durationMs * 2 ** past.count, Math.max(LONGEST_MS, durationMs));
    past.count++;
    // A check that passes is wrong only where everything else fails.
    const isBelieved = past.count === 1 || !backend.isOnProbation;
    this.#charge(service, backend, cause, proofFor(cause, isBelieved), lasts, reason);
  }

  /** It seems to hang: nobody is sent there until that is certain. */
  suspect(service: ServiceState, backend: BackendState): void {
    const { failures, durationMs } = service.service.eject;
    if (failures === 0 || !mayEject(service, backend)) return;
    const until = this.#sweep.deadlineIn(durationMs);
    const at = this.#clock.now();
    this.#takeOut(service, backend, { cause: 'hang', at, proof: 'life', until, isSuspicion: true });
  }

  /**
   * It is given a request that may keep it from all others: nobody else is sent there until `giveBack`, or until it is known
   * that it lives. False, and nothing happens, when it is the last one.
   */
  lend(service: ServiceState, backend: BackendState): boolean {
    if (!backend.isAvailable || !hasOther(service, backend)) return false;
    const at = this.#clock.now();
    const until = this.#sweep.deadlineIn(LONGEST_MS);
    this.#takeOut(service, backend, {
      cause: 'hang',
      at,
      proof: 'life',
      until,
      isSuspicion: true,
      isLoan: true,
    });
    this.#onSignal({ kind: 'suspected', backendId: backend.backend.id, at });
    return true;
  }

  giveBack(backend: BackendState): void {
    if (isLent(backend)) this.#return(backend, backend.failuresInRow);
  }

  /** It does hang. */
  confirm(service: ServiceState, backend: BackendState, reason: string): void {
    if (service.service.eject.failures === 0 || isLent(backend)) return;
    if (backend.ejection?.isSuspicion === true) {
      this.#out.delete(backend);
      backend.ejection = undefined;
    }
    this.eject(service, backend, 'hang', reason);
  }

  /** It has sent something: whatever it is, it does not hang. */
  heard(backend: BackendState): void {
    if (backend.ejection?.cause === 'hang' && !isLent(backend)) this.#return(backend, 0);
  }

  /** A probe spoke for it. */
  prove(service: ServiceState, backend: BackendState, proof: Proof): void {
    const { ejection } = backend;
    if (ejection === undefined || !outweighs(proof, ejection)) return;
    const isDoubtful = ejection.proof === 'check' && ejection.cause !== 'retry-after';
    this.#return(backend, isDoubtful ? onProbation(service) : 0);
  }

  /** The service's backends or their flags are others now: the limits hold for these, too. */
  enforce(service: ServiceState): void {
    const out = service.backends.filter((backend) => backend.ejection !== undefined);
    if (out.length === 0) return;
    // Those without another flag first: they may be all that is left.
    out.sort((a, b) => a.flags.length - b.flags.length || Number(isLent(b)) - Number(isLent(a)));
    const counted = out.filter((backend) => !isLent(backend));
    for (const backend of counted.slice(0, Math.max(0, counted.length - maxEjected(service))))
      this.#return(backend, 0);
    for (const backend of out) {
      if (backend.flags.length > 0 || service.backends.some(isAvailable)) return;
      if (backend.ejection !== undefined) this.#return(backend, 0);
    }
  }

  /** Some time is over. */
  expire(): void {
    const { now } = this.#sweep;
    for (const [backend, service] of this.#out) {
      if ((backend.ejection?.until ?? 0) <= now) this.#return(backend, onProbation(service));
    }
    this.#schedule();
  }

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
      isSuspicion: false,
    });
    backend.stats.ejections[cause] = (backend.stats.ejections[cause] ?? 0) + 1;
    const backendId = backend.backend.id;
    this.#onSignal({ kind: 'ejected', backendId, cause, reason, at, until: at + lasts, proof });
  }

  #takeOut(service: ServiceState, backend: BackendState, ejection: Ejection): void {
    backend.ejection = ejection;
    this.#out.set(backend, service);
    this.#schedule();
    service.refresh();
  }

  #return(backend: BackendState, failuresInRow: number): void {
    const service = this.#out.get(backend);
    this.#out.delete(backend);
    if (backend.ejection?.isSuspicion === false) backend.isOnProbation = true;
    backend.ejection = undefined;
    backend.failuresInRow = failuresInRow;
    this.#pastOf(backend).endedAt = this.#clock.elapsed();
    this.#schedule();
    service?.refresh();
    this.#onSignal({ kind: 'returned', backendId: backend.backend.id });
  }

  #doubt(backend: BackendState): void {
    const past = this.#pastOf(backend);
    const now = this.#clock.elapsed();
    if (now - past.doubtedAt < DOUBT_MS) return;
    past.doubtedAt = now;
    this.#onSignal({ kind: 'doubt', backendId: backend.backend.id });
  }

  #pastOf(backend: BackendState): Past {
    const known = this.#past.get(backend);
    if (known !== undefined) return known;
    const never = Number.NEGATIVE_INFINITY;
    const past = { count: 0, endedAt: never, doubtedAt: never };
    this.#past.set(backend, past);
    return past;
  }

  #schedule(): void {
    let first = Number.POSITIVE_INFINITY;
    for (const { ejection } of this.#out.keys()) first = Math.min(first, ejection?.until ?? first);
    this.deadline = first;
  }
}

function proofFor(cause: EjectCause, isBelieved: boolean): Charge['proof'] {
  if (cause === 'connect') return 'connection';
  if (cause === 'hang') return 'life';
  return isBelieved ? 'check' : 'none';
}

/** The next failure takes such a backend out again; what goes well makes it like any other. */
function onProbation({ service }: ServiceState): number {
  return Math.max(0, service.eject.failures - 1);
}

function isAvailable(backend: BackendState): boolean {
  return backend.isAvailable;
}

function maxEjected({ backends, service }: ServiceState): number {
  const serving = backends.filter(({ backend }) => backend.weight > 0).length;
  return Math.floor((serving * service.eject.maxPercent) / 100);
}

function mayEject(service: ServiceState, backend: BackendState): boolean {
  const { backends } = service;
  // What is out for another reason needs no second one.
  if (!backend.isAvailable) return false;
  const out = backends.filter((other) => other.ejection !== undefined && !isLent(other)).length;
  return out < maxEjected(service) && hasOther(service, backend);
}

function hasOther({ backends }: ServiceState, backend: BackendState): boolean {
  return backends.some((other) => other !== backend && other.isAvailable);
}

function isLent({ ejection }: BackendState): boolean {
  return ejection?.isLoan === true;
}
