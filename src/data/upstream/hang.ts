import type { Clock } from '../../model/clock.ts';
import type { Proof } from '../../model/health.ts';
import { type BackendSignal, outweighs } from '../../model/signal.ts';
import { guarded } from '../../telemetry/internal-errors.ts';
import type { BackendState } from './backend-state.ts';
import type { Ejector } from './ejector.ts';
import type { PendingAttempt } from './pending.ts';
import type { ServiceState } from './service-state.ts';
import { Trials } from './trials.ts';

/** How often backends that have requests are looked at. */
const TICK_MS = 25;
/** After so long a silence a backend is suspect that its checks or Docker speak against already. */
const FLAGGED_TICKS = 2;
/** How long a probe may take to prove a suspect's life before its requests are tried elsewhere. */
const GRACE_TICKS = 2;
/** What is left of `Silence.usual` from tick to tick: it halves in a minute. */
const FORGET = 0.5 ** (TICK_MS / 60_000);
/** After so long a silence a trial may take the only other backend: as long as checks need to find a dead one. */
const LAST_TICKS = 400;
/** Each proof of life doubles the silence that makes a backend suspect, up to so many times. */
const MAX_ALARMS = 10;

/**
 * Finds backends that hang: that hold requests and send nothing on any connection for much longer than they lately did.
 * Such a suspect gets no new requests and is probed. Unless the probe proves that it lives, its requests are tried
 * elsewhere: those that were sent when it was silent already at once, those that may be the reason by trials. A
 * backend that answers any request is slow and does not hang.
 *
 * Time is counted in ticks, and everything that has come is read between two of them: what this process was too busy to
 * read is not taken for a backend's silence.
 */
export class HangWatch {
  /** The number of ticks so far, which is the time that waits are measured by. */
  tick = 0;
  readonly #clock: Clock;
  readonly #ejector: Ejector;
  readonly #onSignal: (signal: BackendSignal) => void;
  readonly #watched = new Map<BackendState, ServiceState>();
  readonly #trials: Trials;
  #cancel: (() => void) | undefined = undefined;

  constructor(clock: Clock, ejector: Ejector, onSignal: (signal: BackendSignal) => void) {
    this.#clock = clock;
    this.#ejector = ejector;
    this.#onSignal = onSignal;
    this.#trials = new Trials(ejector);
  }

  /** Begins to watch a backend that gets a request and had none. */
  watch(service: ServiceState, backend: BackendState): void {
    const { silence } = backend;
    silence.isWatched = true;
    silence.seen = silence.heard;
    silence.length = 0;
    silence.longestWait = 0;
    this.#watched.set(backend, service);
    if (this.#cancel === undefined) this.#schedule();
  }

  /** A probe proved that a silent backend lives, which ends the suspicion. */
  takeProof({ silence }: BackendState, proof: Proof): void {
    if (silence.suspectedAt === 0 || !outweighs(proof, { at: silence.suspectedAt, proof: 'life' })) return;
    silence.suspectedAt = 0;
    if (silence.alarms < MAX_ALARMS) silence.alarms++;
  }

  stop(): void {
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(TICK_MS, () => {
      this.tick++;
      guarded('timer', () => this.#trials.settle())();
      for (const [backend, service] of this.#watched) this.#lookAt(service, backend);
      this.#cancel = undefined;
      if (this.#watched.size + this.#trials.size > 0) this.#schedule();
    });
  }

  /** Looks at a backend; what it throws keeps nobody from looking at the others. */
  readonly #lookAt = guarded('timer', (service: ServiceState, backend: BackendState) =>
    this.#look(service, backend),
  );

  #look(service: ServiceState, backend: BackendState): void {
    const { silence } = backend;
    silence.usual *= FORGET;
    if (silence.heard !== silence.seen) {
      this.#clear(backend);
      silence.end();
    } else silence.length++;
    if (backend.inFlight === 0) {
      silence.isWatched = false;
      this.#watched.delete(backend);
      // No request waits for it any more. If it was ejected, a probe will say when it may return.
      if (backend.ejection === undefined) this.#clear(backend);
      silence.suspectedAt = 0;
    } else if (silence.suspectedAt > 0) this.#confirm(service, backend);
    else if (silence.length >= (backend.flags.length > 0 ? FLAGGED_TICKS : silence.limit))
      this.#suspect(service, backend);
  }

  /** Ends a suspicion, or an ejection for hanging. */
  #clear(backend: BackendState): void {
    if (backend.silence.suspectedAt === 0 && backend.ejection === undefined) return;
    if (backend.ejection !== undefined) this.#ejector.heard(backend);
    else this.#onSignal({ kind: 'returned', backendId: backend.backend.id });
  }

  /** Suspects a backend that has been silent for long, if a request is overdue. */
  #suspect(service: ServiceState, backend: BackendState): void {
    const { silence } = backend;
    if (!mayHang(service, backend)) return;
    if (this.#overdue(backend).length === 0) {
      // The silence counts only from the request that waits longest, so that this is asked again when that is overdue.
      silence.length = this.#longest(backend);
      return;
    }
    silence.suspectedAt = this.#clock.now();
    silence.suspectedFor = 0;
    this.#ejector.suspect(service, backend);
    this.#onSignal({ kind: 'suspected', backendId: backend.backend.id, at: silence.suspectedAt });
    // The checks or Docker speak against it already, so there is no probe to wait for.
    if (backend.flags.length > 0) this.#confirm(service, backend);
  }

  /** Ejects a suspect once its probe had time to prove life, and rescues its requests. */
  #confirm(service: ServiceState, backend: BackendState): void {
    const { silence } = backend;
    if (silence.suspectedFor++ < GRACE_TICKS && backend.flags.length === 0) return;
    const overdue = this.#overdue(backend);
    const held = `${overdue.length} ${overdue.length === 1 ? 'request' : 'requests'}`;
    this.#ejector.confirm(
      service,
      backend,
      `sent nothing for ${silence.length * TICK_MS} ms with ${held} waiting`,
    );
    this.#rescue(service, backend, overdue);
  }

  /** Tries overdue requests on other backends. */
  #rescue(service: ServiceState, backend: BackendState, overdue: readonly PendingAttempt[]): void {
    const { silence, flags } = backend;
    const suspects: PendingAttempt[] = [];
    // The youngest come first, which are the least likely reason.
    for (const attempt of [...overdue].sort((a, b) => b.since - a.since)) {
      if (!attempt.isAwaited) continue;
      const isSuspect = attempt.isSent && silence.isSuspect(this.tick - attempt.since);
      if (isSuspect && !silence.harmless.has(attempt.path)) suspects.push(attempt);
      else attempt.hedge();
    }
    const mayBeLast = flags.length > 0 || silence.length >= LAST_TICKS;
    this.#trials.begin(service, backend, suspects, mayBeLast);
  }

  /** The attempts that have waited for so long that the backend may be suspected over them. */
  #overdue({ silence, attempts, flags }: BackendState): PendingAttempt[] {
    const waited = flags.length > 0 ? FLAGGED_TICKS : silence.patience;
    return [...attempts].filter(({ isAwaited, since }) => isAwaited && this.tick - since >= waited);
  }

  /** For how many ticks the oldest attempt has waited. */
  #longest({ attempts }: BackendState): number {
    let longest = 0;
    for (const { isAwaited, since } of attempts)
      if (isAwaited) longest = Math.max(longest, this.tick - since);
    return longest;
  }
}

/** Whether a backend may be suspected, and another one could take its requests. */
function mayHang({ service, backends }: ServiceState, backend: BackendState): boolean {
  // Without probes a backend that hangs cannot be told from a slow one.
  if (service.health.type === 'none' && backend.flags.length === 0) return false;
  // A backend that drains, starts or is in maintenance is out already, and may take its time.
  if (backend.flags.some((flag) => flag !== 'FailedCheck')) return false;
  return backends.some((other) => other !== backend && other.isAvailable);
}
