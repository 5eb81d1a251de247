import type { Clock } from '../../model/clock.ts';
import type { Proof } from '../../model/health.ts';
import { type BackendSignal, outweighs } from '../../model/signal.ts';
import type { Exchange } from '../proxy/exchange.ts';
import type { BackendState } from './backend-state.ts';
import type { Ejector } from './ejection.ts';
import type { ServiceState } from './service-state.ts';

/** How often backends are looked at that have requests. */
const TICK_MS = 25;
/** A backend is never suspected before this. */
const FLOOR_TICKS = 4;
/** One against which its checks or Docker speak already is not waited for as long. */
const FLAGGED_TICKS = 2;
/** Nor before it is silent for so many times as long as it lately was while requests waited. */
const PATIENCE = 3;
/** How long a suspect's probe may take to speak for it before its requests are tried elsewhere. */
const GRACE_TICKS = 2;
/** Of what it lately was, half is forgotten in a minute. */
const FORGET = 0.5 ** (TICK_MS / 60_000);
/** Each time a probe spoke for a silent backend it is waited for twice as long, up to so many times. */
const MAX_ALARMS = 10;

/** How silent a backend is, and usually is while requests wait for it; lengths in ticks. */
export class Silence {
  /** Reads from its connections so far. */
  heard = 0;
  /** The longest wait for a response that came since the last tick. */
  longestWait = 0;
  isWatched = false;
  /** Reads when it was last looked at. */
  seen = 0;
  length = 0;
  usual = 0;
  /** How often a probe spoke for it since it was last heard. */
  alarms = 0;
  /** `Clock.now` when the suspicion arose that it hangs; 0 without one. */
  suspectedAt = 0;
  suspectedFor = 0;

  /** A response has come that was waited for so many ticks. */
  answered(waited: number): void {
    if (waited > this.longestWait) this.longestWait = waited;
  }

  /** It has been heard: what was silence is over. */
  end(): void {
    // Of a silence, only what somebody waited through counts.
    const gap = Math.min(this.length, this.longestWait);
    if (gap > this.usual) this.usual = gap;
    this.seen = this.heard;
    this.length = 0;
    this.longestWait = 0;
    this.alarms = 0;
    this.suspectedAt = 0;
  }

  /** How long a request must have waited to be overdue. */
  get patience(): number {
    return Math.max(FLOOR_TICKS, Math.ceil(PATIENCE * this.usual));
  }

  /** From when on it is suspect. */
  get limit(): number {
    return this.patience * 2 ** this.alarms;
  }
}

/** What is done for the requests of a backend that hangs. */
export interface HangEvents {
  /** Tries it elsewhere, if that is harmless. */
  hedge(exchange: Exchange): void;
}

/**
 * Finds backends that hang: that hold requests and send nothing, on any connection, for much longer than they lately
 * did. Such a suspect gets no new requests and is probed. Unless the probe speaks for it, its requests are tried
 * elsewhere. One that answers others is slow, not hung.
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
  readonly #events: HangEvents;
  readonly #watched = new Map<BackendState, ServiceState>();
  #cancel: (() => void) | undefined = undefined;

  constructor(clock: Clock, ejector: Ejector, onSignal: (signal: BackendSignal) => void, events: HangEvents) {
    this.#clock = clock;
    this.#ejector = ejector;
    this.#onSignal = onSignal;
    this.#events = events;
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
      for (const [backend, service] of this.#watched) this.#look(service, backend);
      this.#cancel = undefined;
      if (this.#watched.size > 0) this.#schedule();
    });
  }

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
    for (const exchange of overdue) this.#events.hedge(exchange);
  }

  /** Those that have waited for so long that it is suspect. */
  #overdue({ silence, open, flags }: BackendState): Exchange[] {
    const waited = flags.length > 0 ? FLAGGED_TICKS : silence.patience;
    const overdue: Exchange[] = [];
    for (const { awaiting, since } of open) {
      if (awaiting !== undefined && this.tick - since >= waited) overdue.push(awaiting);
    }
    return overdue;
  }

  #longest({ open }: BackendState): number {
    let longest = 0;
    for (const { awaiting, since } of open) {
      if (awaiting !== undefined) longest = Math.max(longest, this.tick - since);
    }
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
