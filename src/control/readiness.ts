import type { Backend } from '../model/backend.ts';
import type { Contribution, SourceStatus } from '../model/contribution.ts';
import type { Problem } from '../model/problem.ts';
import type { Service } from '../model/service.ts';

/** Which sources have told what there is. One that was heard once and falls silent later stays heard. */
export class Readiness {
  readonly #sources: readonly string[];
  readonly #told = new Set<string>();
  readonly #heard = new Set<string>();
  #hasClaims = false;

  /** @param sources their names */
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

  /** Every source has said all that it knew at first, be it that it cannot hear anything. */
  get isTold(): boolean {
    return this.#sources.every((source) => this.#told.has(source));
  }

  /** Requests have something to find: all sources were heard, or one that knows services (a file of options knows none). */
  get isEnough(): boolean {
    return this.#hasClaims || this.unheard.length === 0;
  }

  /** The sources that have never told what there is. */
  get unheard(): string[] {
    return this.#sources.filter((source) => !this.#heard.has(source));
  }
}

/** What is known of the health of one backend, at the start. */
export interface FirstVerdict {
  readonly isUp: boolean;
  readonly isChecked: boolean;
}

/** Nobody who serves is still to be found out: some backend does, or each has been asked once. */
export function isJudged({ backends }: Service, verdict: (backend: Backend) => FirstVerdict): boolean {
  const serves = (backend: Backend) => !backend.backup && backend.weight > 0 && verdict(backend).isUp;
  return backends.some(serves) || backends.every((backend) => verdict(backend).isChecked);
}

/**
 * The problems, with one of each source that requests were not let wait for any longer. Where the source itself has said
 * why it hears nothing, that problem becomes this one, with the reason behind it.
 * @param unheard names of these sources
 * @param statuses of all sources that said anything
 * @param timeoutMs how long they were waited for
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
