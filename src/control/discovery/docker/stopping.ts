import type { Clock } from '../../../model/clock.ts';
import type { Engine } from './engine.ts';
import type { EngineEvent } from './event.ts';

/** After a signal that did not end it for so long, a container has survived it and serves again. */
const SURVIVED_MS = 30_000;

/** Longer than Docker waits before it kills, where a container is given more time to stop. */
const KILL_MARGIN_MS = 5_000;

/** SIGTERM, SIGKILL, SIGINT and SIGQUIT end what does not handle them, and are what stops are made of. */
const TERMINATING: Readonly<Record<number, string>> = {
  15: 'SIGTERM',
  9: 'SIGKILL',
  2: 'SIGINT',
  3: 'SIGQUIT',
};

/** Linux's numbers of the other signals that images name as their STOPSIGNAL. */
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
 * Containers that were told to stop. Docker reports the signal before the process dies, often seconds before:
 * from then on new requests are better off elsewhere.
 */
export class Stopping {
  /** The signal's name, by container id. */
  readonly signals = new Map<string, string>();
  readonly #timers = new Map<string, () => void>();
  /** Questions for a stop signal that are not answered yet, by container id. */
  readonly #questions = new Map<string, symbol>();
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #onChange: (containerId: string) => void;

  constructor(engine: Engine, clock: Clock, onChange: (containerId: string) => void) {
    this.#engine = engine;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Hears of everything that happens to containers. */
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
        // It may have ended, and even started anew, before the answer came.
        if (this.#questions.get(containerId) !== question) return;
        const waitMs = Math.max(SURVIVED_MS, behaviour.timeoutMs + KILL_MARGIN_MS);
        // Another signal stops only those images that say so; most often it is a mere reload.
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

/** `SIGQUIT`, `QUIT` or `3` → 3; NaN for names that are not known. `RTMIN+n` counts from 34. */
export function signalNumber(name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const bare = name.toUpperCase().replace(/^SIG/, '');
  const realTime = /^RTMIN(?:\+(\d+))?$/.exec(bare);
  return realTime === null ? (NUMBERS[bare] ?? Number.NaN) : 34 + Number(realTime[1] ?? 0);
}
