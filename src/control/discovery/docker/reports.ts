import { isDeepStrictEqual } from 'node:util';
import type { Claim } from '../../../model/contribution.ts';
import type { Problem } from '../../../model/problem.ts';
import { type ContainerReport, type ReportContext, reportContainer } from './claims.ts';
import type { Container } from './container.ts';

interface Seen {
  container: Container;
  report: ContainerReport | undefined;
  /** Something that a report depends on has changed. */
  isOutdated: boolean;
}

/** The containers of an Engine, and what became of each. One that stays the same keeps its report, and its claims. */
export class Reports {
  /** By id, in the order in which they were first seen. */
  readonly #seen = new Map<string, Seen>();

  get all(): readonly ContainerReport[] {
    return [...this.#seen.values()].flatMap(({ report }) => report ?? []);
  }

  *containers(): Iterable<Container> {
    for (const { container } of this.#seen.values()) yield container;
  }

  /** The very same container as before if it says the same. */
  known(container: Container): Container {
    const known = this.#seen.get(container.id)?.container;
    // An entry that is read again names the same things in the same order, and text is compared faster than objects.
    return known !== container && JSON.stringify(known) === JSON.stringify(container)
      ? (known as Container)
      : container;
  }

  /** Takes what there is of the containers with these ids, or of all. */
  take(containers: readonly Container[], ids: Iterable<string> = [...this.#seen.keys()]): void {
    const found = new Set(containers.map(({ id }) => id));
    for (const id of ids) if (!found.has(id)) this.#seen.delete(id);
    for (const container of containers) {
      const seen = this.#seen.get(container.id);
      if (seen === undefined) {
        this.#seen.set(container.id, { container, report: undefined, isOutdated: true });
      } else if (seen.container !== this.known(container)) {
        seen.container = container;
        seen.isOutdated = true;
      }
    }
  }

  /** What a report says depends on more than its container. */
  renew(id: string): void {
    const seen = this.#seen.get(id);
    if (seen !== undefined) seen.isOutdated = true;
  }

  renewAll(): void {
    for (const seen of this.#seen.values()) seen.isOutdated = true;
  }

  /** All claims and problems; only what is outdated is looked at again. */
  read(context: ReportContext): { readonly claims: readonly Claim[]; readonly problems: readonly Problem[] } {
    const claims: Claim[] = [];
    const problems: Problem[] = [];
    for (const seen of this.#seen.values()) {
      let { report } = seen;
      if (report === undefined || seen.isOutdated) {
        const fresh = reportContainer(seen.container, context);
        if (report === undefined || !isDeepStrictEqual(report, fresh)) report = fresh;
        seen.report = report;
        seen.isOutdated = false;
      }
      for (const { claim } of report.services) claims.push(claim);
      if (report.problems.length > 0) problems.push(...report.problems);
    }
    return { claims, problems };
  }
}
