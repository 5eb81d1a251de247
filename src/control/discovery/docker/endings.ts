import type { Clock } from '../../../model/clock.ts';
import type { Problem } from '../../../model/problem.ts';
import { grouped } from '../../../model/text.ts';
import type { Container } from './container.ts';
import type { EngineEvent } from './event.ts';

/** A container that has run for so long, in milliseconds, has not ended again and again. */
export const WELL_MS = 60_000;
/** One that has not been started for so long is not restarted any more: Docker waits for a minute at most. */
const GIVEN_UP_MS = 120_000;
/** One that is found restarting was often restarted already when it waits for so long. */
const FOUND_MS = 5_000;
/** How often they are looked at. */
const LOOK_MS = 5_000;
/** So many times is a loop. Of more it is told anew when they are several times as many, so that a loop is no flood of news. */
const STEPS = [3, 10, 30, 100, 300, 1_000, 3_000, 10_000];
/** Problems that are told one by one. */
const MAX_TOLD = 50;

/** A container that ended by itself, and has not run for `WELL_MS` since. Times are `Clock.elapsed`. */
interface Loop {
  readonly since: number;
  /** It was listed as restarting, and nothing is known of what was before. */
  readonly wasFound: boolean;
  /** Ends that were heard of. */
  count: number;
  exitCode: number | undefined;
  /** When it last ended or was started. */
  at: number;
  isRunning: boolean;
  /** What to say of it, once it is a loop. */
  message: string | undefined;
  problem: Problem | undefined;
}

/**
 * How containers end: each end makes another backend of the same container, and who ends by itself again and again, as
 * Docker restarts it, is a problem. Events and lists tell all of it, so no question is asked. One timer for all.
 */
export class Endings {
  /** How often a container ended while we watched, by its id. */
  readonly counts = new Map<string, number>();
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #loops = new Map<string, Loop>();
  /** Ids of those that were sent a signal: their end is somebody's will. */
  readonly #signalled = new Set<string>();
  #cancel: (() => void) | undefined;

  /** @param onChange problems are others by time alone */
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

  /** Takes all containers that there are. */
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
   * What is wrong with those that end again and again.
   * @param nameOf the name of a container whose business is ours
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
    if (known === undefined || isWell(known, now)) {
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
      if (isWell(loop, now) || (!loop.isRunning && now - loop.at >= GIVEN_UP_MS)) {
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

function isWell({ isRunning, at }: Loop, now: number): boolean {
  return isRunning && now - at >= WELL_MS;
}

/** It was found so, has done nothing since, and is not told of. */
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

/** The very same as before where nothing is new. */
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
