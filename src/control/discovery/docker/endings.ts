import type { Clock } from '../../../model/clock.ts';
import type { Problem } from '../../../model/problem.ts';
import { grouped } from '../../../model/text.ts';
import type { Container } from './container.ts';
import type { EngineEvent } from './event.ts';

/** A container that has run for so long, in milliseconds, is no longer in a restart loop. */
export const WELL_MS = 60_000;
/** A container that has not been started again for so long, in milliseconds, is in no loop any more: Docker waits a minute at most. */
const GIVEN_UP_MS = 120_000;
/** A container that is found `restarting`, and still waits after so long, in milliseconds, has been restarted often before. */
const FOUND_MS = 5_000;
/** How often the loops are looked at, in milliseconds. */
const LOOK_MS = 5_000;
/** A loop is reported after so many ends. The steps grow, so that a lasting loop does not cause a flood of news. */
const STEPS = [3, 10, 30, 100, 300, 1_000, 3_000, 10_000];
/** The most problems that are reported one by one. */
const MAX_TOLD = 50;

/** A container that ended by itself and has not run for `WELL_MS` since. Times are in `Clock.elapsed`. */
interface Loop {
  readonly since: number;
  /** A list showed it as restarting before any event told of it, so its earlier ends are not known. */
  readonly wasFound: boolean;
  /** The number of ends that events told of. */
  count: number;
  exitCode: number | undefined;
  /** When the container last ended or was started. */
  at: number;
  isRunning: boolean;
  /** The message of its problem, once there is one. */
  message: string | undefined;
  problem: Problem | undefined;
}

/**
 * Keeps count of how containers end. Each end makes the container another backend; a container that ends by itself again and
 * again, restarted by Docker each time, is a problem. Events and lists tell enough, so the Engine is not asked. One timer serves all.
 */
export class Endings {
  /** How often each container has ended while this process watched, by its id. */
  readonly counts = new Map<string, number>();
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #loops = new Map<string, Loop>();
  /** The ids of containers that were sent a signal: somebody wanted them to end. */
  readonly #signalled = new Set<string>();
  #cancel: (() => void) | undefined;

  /** @param onChange called when the problems have changed because time has passed */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  hear({ containerId: id, action, exitCode }: EngineEvent): void {
    if (action === 'kill') this.#signalled.add(id);
    else if (action === 'start') this.#start(id);
    else if (action === 'destroy') this.#forget(id);
    else if (action === 'die') {
      this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
      if (this.#signalled.delete(id)) this.#loops.delete(id);
      else this.#end(id, exitCode);
    }
  }

  /** Takes the list of all containers. */
  take(containers: readonly Container[]): void {
    const found = new Set<string>();
    for (const { id, state, exitCode } of containers) {
      found.add(id);
      if (state === 'restarting' && !this.#loops.has(id)) this.#add(id, 0, exitCode);
    }
    for (const ids of [this.counts, this.#loops, this.#signalled])
      for (const id of ids.keys()) if (!found.has(id)) this.#forget(id);
  }

  /**
   * The problems of containers that end again and again.
   * @param nameOf returns the name of a container that claims something; undefined for other containers
   */
  problems(source: string, nameOf: (id: string) => string | undefined): Problem[] {
    const problems: Problem[] = [];
    let more = 0;
    for (const [id, loop] of this.#loops) {
      const subject = loop.message === undefined ? undefined : nameOf(id);
      if (subject === undefined) continue;
      if (problems.length < MAX_TOLD) problems.push(problemOf(loop, source, subject));
      else more++;
    }
    if (more > 0) problems.push(moreOf(more, source));
    return problems;
  }

  stop(): void {
    this.#cancel?.();
  }

  #start(id: string): void {
    this.#signalled.delete(id);
    const loop = this.#loops.get(id);
    if (loop === undefined) return;
    loop.at = this.#clock.elapsed();
    loop.isRunning = true;
  }

  #end(id: string, exitCode: number | undefined): void {
    const now = this.#clock.elapsed();
    const known = this.#loops.get(id);
    if (known === undefined || hasRecovered(known, now)) {
      this.#add(id, 1, exitCode);
      return;
    }
    known.count++;
    Object.assign(known, { exitCode, at: now, isRunning: false });
    const isFirst = known.wasFound && known.message === undefined;
    if (isFirst || STEPS.includes(known.count)) tell(known, now);
  }

  #add(id: string, count: number, exitCode: number | undefined): void {
    const now = this.#clock.elapsed();
    const loop = { since: now, wasFound: count === 0, count, exitCode, at: now, isRunning: false };
    this.#loops.set(id, { ...loop, message: undefined, problem: undefined });
    this.#cancel ??= this.#clock.after(LOOK_MS, () => this.#look());
  }

  #forget(id: string): void {
    this.counts.delete(id);
    this.#loops.delete(id);
    this.#signalled.delete(id);
  }

  #look(): void {
    const now = this.#clock.elapsed();
    let isNews = false;
    for (const [id, loop] of this.#loops) {
      if (hasRecovered(loop, now) || (!loop.isRunning && now - loop.at >= GIVEN_UP_MS)) {
        this.#loops.delete(id);
        isNews ||= loop.message !== undefined;
      } else if (isWaiting(loop) && now - loop.at >= FOUND_MS) {
        tell(loop, now);
        isNews = true;
      }
    }
    this.#cancel = this.#loops.size === 0 ? undefined : this.#clock.after(LOOK_MS, () => this.#look());
    if (isNews) this.#onChange();
  }
}

function hasRecovered({ isRunning, at }: Loop, now: number): boolean {
  return isRunning && now - at >= WELL_MS;
}

/** Whether the container was found `restarting`, has not been started since, and has no problem yet. */
function isWaiting({ count, isRunning, message }: Loop): boolean {
  return count === 0 && !isRunning && message === undefined;
}

function tell(loop: Loop, now: number): void {
  const { count, exitCode, since } = loop;
  const code = exitCode === undefined ? '' : `with exit code ${exitCode} `;
  const seconds = Math.max(1, Math.round((now - since) / 1_000));
  const within = seconds < 120 ? `${seconds}s` : `${grouped(Math.round(seconds / 60))}m`;
  const often = count < 3 ? 'again and again' : `${grouped(count)} times within ${within}`;
  loop.message = `it ends ${code}and is started anew, ${often}`;
  loop.problem = undefined;
}

/** The problem of a loop; the very same value as before if nothing is new. */
function problemOf(loop: Loop, source: string, subject: string): Problem {
  if (loop.problem?.subject !== subject) {
    const hint = `docker logs ${subject} tells why`;
    const message = loop.message ?? '';
    loop.problem = { severity: 'error', source, subject, where: 'restarts', message, hint };
  }
  return loop.problem;
}

function moreOf(count: number, source: string): Problem {
  const message = `${grouped(count)} more containers end and are started anew, again and again`;
  const hint = 'docker ps --filter status=restarting names them';
  return { severity: 'error', source, subject: source, where: 'restarts', message, hint };
}
