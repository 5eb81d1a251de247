import type { Backend } from '../model/backend.ts';
import type { Contribution, SourceStatus } from '../model/contribution.ts';
import type { Problem } from '../model/problem.ts';
import type { Service } from '../model/service.ts';

/** Knows which sources have been heard. A source that was heard once and falls silent later still counts as heard. */
export class Readiness {
  readonly #sources: readonly string[];
  readonly #told = new Set<string>();
  readonly #heard = new Set<string>();
  #hasClaims = false;

  /** @param sources the names of the sources */
  constructor(sources: readonly string[]) {
    this.#sources = sources;
  }

  hear(source: string, { status, claims, isPartial }: Contribution): void {
    if (isPartial) return;
    this.#told.add(source);
    if (!status.connected) return;
    this.#heard.add(source);
    if (claims.length > 0) this.#hasClaims = true;
  }

  /** Every source has told what it knew at first, or that it cannot know anything. */
  get isTold(): boolean {
    return this.#sources.every((source) => this.#told.has(source));
  }

  /** Requests can find something: all sources were heard, or one that knows services was. A file that has only options knows none. */
  get isEnough(): boolean {
    return this.#hasClaims || this.unheard.length === 0;
  }

  /** The names of the sources that have never told what there is. */
  get unheard(): string[] {
    return this.#sources.filter((source) => !this.#heard.has(source));
  }
}

/** What is known of a backend's health at the start. */
export interface FirstVerdict {
  readonly isUp: boolean;
  readonly isChecked: boolean;
}

/** Whether it is known if the service has a backend that serves: either one is up, or each has been checked once. */
export function isJudged({ backends }: Service, verdict: (backend: Backend) => FirstVerdict): boolean {
  const serves = (backend: Backend) => !backend.backup && backend.weight > 0 && verdict(backend).isUp;
  return backends.some(serves) || backends.every((backend) => verdict(backend).isChecked);
}

/**
 * Adds a problem for each source that was not heard in time. If the source itself reported why it hears nothing, that
 * problem is replaced, and its message becomes the hint of the new one.
 * @param unheard the names of the sources that were not heard
 * @param statuses the statuses of all sources that said anything
 * @param timeoutMs how long the start waited for the sources
 */
export function withUnheard(
  problems: readonly Problem[],
  unheard: readonly string[],
  statuses: readonly SourceStatus[],
  timeoutMs: number,
): readonly Problem[] {
  const message = `was not heard within ${timeoutMs / 1_000} s of the start: requests are answered without what it knows`;
  let all = problems;
  for (const source of unheard) {
    const status = statuses.find(({ name }) => name === source);
    const own = all.find((problem) => problem.source === source && problem.message === status?.error);
    const fresh: Problem =
      own === undefined
        ? { severity: 'error', source, subject: status?.target ?? source, where: '', message }
        : { ...own, message, hint: own.message };
    all = [...all.filter((problem) => problem !== own), fresh];
  }
  return all;
}
