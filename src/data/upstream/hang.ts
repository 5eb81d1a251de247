import type { Clock } from '../../model/clock.ts';
import type { Proof } from '../../model/health.ts';
import { type BackendSignal, outweighs } from '../../model/signal.ts';
import { guarded } from '../../telemetry/internal-errors.ts';
import type { BackendState } from './backend-state.ts';
import type { Ejector } from './ejection.ts';
import type { PendingAttempt } from './pending.ts';
import type { ServiceState } from './service-state.ts';
import { Trials } from './trials.ts';

/** How often backends are looked at that have requests. */
const TICK_MS = 25;
/** One against which its checks or Docker speak already is not waited for as long. */
const FLAGGED_TICKS = 2;
/** How long a suspect's probe may take to speak for it before its requests are tried elsewhere. */
const GRACE_TICKS = 2;
/** Of what it lately was, half is forgotten in a minute. */
const FORGET = 0.5 ** (TICK_MS / 60_000);
/** After so long a silence the only other backend is tried, too: as long as checks take to say that one is dead. */
const LAST_TICKS = 400;
/** Each time a probe spoke for a silent backend it is waited for twice as long, up to so many times. */
const MAX_ALARMS = 10;

/**
 * Finds backends that hang: that hold requests and send nothing, on any connection, for much longer than they lately
 * did. Such a suspect gets no new requests and is probed. Unless the probe speaks for it, its requests are tried
 * elsewhere: at once those that were sent when it was silent already, with care those that may be the reason. One that
 * answers others is slow, not hung.
 *
 * Time is counted in ticks, and between two of them everything that came was read: what this process does not get
 * to read in time is not taken for a backend's silence.
 */
export class HangWatch {
  /** Ticks so far: the time by which waits are measured. */
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

  /** A request is sent to it. */
  watch(service: ServiceState, backend: BackendState): void {
    const { silence } = backend;
    silence.isWatched = true;
    silence.seen = silence.heard;
    silence.length = 0;
    silence.longestWait = 0;
    this.#watched.set(backend, service);
    if (this.#cancel === undefined) this.#schedule();
  }

  /** A probe spoke for it: it is silent, and yet it lives. */
  prove({ silence }: BackendState, proof: Proof): void {
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

  /** What breaks for one is no reason not to look at the others. */
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
      // Nobody waits for it any more; whether it may serve again is for its probe to say.
      if (backend.ejection === undefined) this.#clear(backend);
      silence.suspectedAt = 0;
    } else if (silence.suspectedAt > 0) this.#confirm(service, backend);
    else if (silence.length >= (backend.flags.length > 0 ? FLAGGED_TICKS : silence.limit))
      this.#suspect(service, backend);
  }

  /** There is nothing to suspect it of any more. */
  #clear(backend: BackendState): void {
    if (backend.silence.suspectedAt === 0 && backend.ejection === undefined) return;
    if (backend.ejection !== undefined) this.#ejector.heard(backend);
    else this.#onSignal({ kind: 'returned', backendId: backend.backend.id });
  }

  /** Silent for long: is there anybody who waits? */
  #suspect(service: ServiceState, backend: BackendState): void {
    const { silence } = backend;
    if (!mayHang(service, backend)) return;
    if (this.#overdue(backend).length === 0) {
      // Not before the one that waits longest would be.
      silence.length = this.#longest(backend);
      return;
    }
    silence.suspectedAt = this.#clock.now();
    silence.suspectedFor = 0;
    this.#ejector.suspect(service, backend);
    this.#onSignal({ kind: 'suspected', backendId: backend.backend.id, at: silence.suspectedAt });
    // Something else says so already.
    if (backend.flags.length > 0) this.#confirm(service, backend);
  }

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

  /** Tries its requests elsewhere. */
  #rescue(service: ServiceState, backend: BackendState, overdue: readonly PendingAttempt[]): void {
    const { silence, flags } = backend;
    const suspects: PendingAttempt[] = [];
    // The younger a request is, the less likely it is the reason.
    for (const attempt of [...overdue].sort((a, b) => b.since - a.since)) {
      if (!attempt.isAwaited) continue;
      const isSuspect = attempt.isSent && silence.isSuspect(this.tick - attempt.since);
      if (isSuspect && !silence.harmless.has(attempt.path)) suspects.push(attempt);
      else attempt.hedge();
    }
    const mayBeLast = flags.length > 0 || silence.length >= LAST_TICKS;
    this.#trials.begin(service, backend, suspects, mayBeLast);
  }

  /** Those that have waited for so long that it is suspect. */
  #overdue({ silence, attempts, flags }: BackendState): PendingAttempt[] {
    const waited = flags.length > 0 ? FLAGGED_TICKS : silence.patience;
    return [...attempts].filter(({ isAwaited, since }) => isAwaited && this.tick - since >= waited);
  }

  #longest({ attempts }: BackendState): number {
    let longest = 0;
    for (const { isAwaited, since } of attempts)
      if (isAwaited) longest = Math.max(longest, this.tick - since);
    return longest;
  }
}

/** Whether it would help anybody to know. */
function mayHang({ service, backends }: ServiceState, backend: BackendState): boolean {
  // Nobody can tell a slow one from one that hangs.
  if (service.health.type === 'none' && backend.flags.length === 0) return false;
  // One that was told to stop, or to wait, has its own time.
  if (backend.flags.some((flag) => flag !== 'FailedCheck')) return false;
  return backends.some((other) => other !== backend && other.isAvailable);
}
