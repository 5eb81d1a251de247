import type { Clock } from '../../../model/clock.ts';
import type { Engine } from './engine.ts';
import type { EngineEvent } from './event.ts';

/** A container that has not ended so long after a signal has survived it and serves again. In milliseconds. */
const SURVIVED_MS = 30_000;

/** How much longer than the container's own time to stop is waited, in milliseconds. */
const KILL_MARGIN_MS = 5_000;

/** The signals that end a process by default, by number, and by which containers are usually stopped. */
const TERMINATING: Readonly<Record<number, string>> = {
  15: 'SIGTERM',
  9: 'SIGKILL',
  2: 'SIGINT',
  3: 'SIGQUIT',
};

/** Linux's numbers of the signals that images name as their STOPSIGNAL. */
const NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  TERM: 15,
  WINCH: 28,
  PWR: 30,
};

/**
 * Knows which containers were told to stop. Docker reports the signal before the process ends, often by seconds: from then
 * on new requests should go elsewhere.
 */
export class Stopping {
  /** The name of the signal, by container id. */
  readonly signals = new Map<string, string>();
  readonly #timers = new Map<string, () => void>();
  /** Questions for a container's stop signal that are not answered yet, by container id. */
  readonly #questions = new Map<string, symbol>();
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #onChange: (containerId: string) => void;

  constructor(engine: Engine, clock: Clock, onChange: (containerId: string) => void) {
    this.#engine = engine;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Takes every event of containers. */
  onEvent(event: EngineEvent): void {
    if (event.action === 'start' || event.action === 'die') this.#clear(event.containerId);
    else if (event.action === 'kill') this.#onSignal(event.containerId, event.signal);
  }

  #onSignal(containerId: string, signal: number): void {
    const name = TERMINATING[signal];
    if (name !== undefined) this.#mark(containerId, name, SURVIVED_MS);
    const question = Symbol();
    this.#questions.set(containerId, question);
    this.#engine.stopBehaviour(containerId).then(
      (behaviour) => {
        // The container may have ended, and even have been started again, before the answer came.
        if (this.#questions.get(containerId) !== question) return;
        const waitMs = Math.max(SURVIVED_MS, behaviour.timeoutMs + KILL_MARGIN_MS);
        // Any other signal means a stop only if the image names it as its stop signal; usually it asks for a reload.
        if (name !== undefined) this.#schedule(containerId, waitMs);
        else if (signalNumber(behaviour.signal) === signal) this.#mark(containerId, behaviour.signal, waitMs);
      },
      () => {},
    );
  }

  #mark(containerId: string, name: string, survivedMs: number): void {
    this.#clear(containerId);
    this.signals.set(containerId, name);
    this.#schedule(containerId, survivedMs);
    this.#onChange(containerId);
  }

  #schedule(containerId: string, survivedMs: number): void {
    this.#timers.get(containerId)?.();
    const cancel = this.#clock.after(survivedMs, () => {
      this.#clear(containerId);
      this.#onChange(containerId);
    });
    this.#timers.set(containerId, cancel);
  }

  #clear(containerId: string): void {
    this.signals.delete(containerId);
    this.#questions.delete(containerId);
    this.#timers.get(containerId)?.();
    this.#timers.delete(containerId);
  }
}

/** The number of a signal: 3 for `SIGQUIT`, `QUIT` and `3`; NaN for unknown names. `RTMIN+n` counts from 34. */
export function signalNumber(name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const bare = name.toUpperCase().replace(/^SIG/, '');
  const realTime = /^RTMIN(?:\+(\d+))?$/.exec(bare);
  return realTime === null ? (NUMBERS[bare] ?? Number.NaN) : 34 + Number(realTime[1] ?? 0);
}
