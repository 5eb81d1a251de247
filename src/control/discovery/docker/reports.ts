import { isDeepStrictEqual } from 'node:util';
import type { Claim } from '../../../model/contribution.ts';
import type { Problem } from '../../../model/problem.ts';
import type { WorkloadReport } from '../workload.ts';
import { type ReportContext, reportContainer, workloadOf } from './claims.ts';
import type { Container } from './container.ts';
import type { Obstacle } from './obstacles.ts';
import { networkOwner, withNetworkOf } from './shared-network.ts';

interface Seen {
  container: Container;
  report: WorkloadReport | undefined;
  /** The owner of its network when it was last looked at. */
  owner: Container | Obstacle | undefined;
  /** Something that a report depends on has changed. */
  isOutdated: boolean;
}

/** The most containers that are reported on in one turn. */
const PORTION = 1_000;
/** The most extras in one turn: services and routes beyond one per container, problems, and kilobytes of labels. */
const EXTRAS = 200;

/** What the containers say together. */
export interface Read {
  readonly claims: readonly Claim[];
  readonly problems: readonly Problem[];
  /** The names of running containers that have labels of another proxy and none of ours, by that proxy. */
  readonly foreign: ReadonlyMap<string, readonly string[]>;
  /** All containers that have changed were reported on. */
  readonly isWhole: boolean;
}

/** The containers of an Engine, and their reports. A container that stays the same keeps its report and its claims. */
export class Reports {
  /** By id, in the order in which they were first seen. */
  readonly #seen = new Map<string, Seen>();
  /** The ids of containers that are gone, and that are kept until all others were reported on. */
  readonly #leaving = new Set<string>();

  readonly #find = (id: string) => this.#seen.get(id)?.container;

  get all(): readonly WorkloadReport[] {
    return [...this.#seen.values()].flatMap(({ report }) => report ?? []);
  }

  *containers(): Iterable<Container> {
    for (const { container } of this.#seen.values()) yield container;
  }

  /** The name of a container that claims something; undefined for other containers. */
  routedName(id: string): string | undefined {
    const report = this.#seen.get(id)?.report;
    return report === undefined || report.services.length === 0 ? undefined : report.workload.name;
  }

  /** Adds to a container the networks that it really has, since it may share those of another one. */
  connected(container: Container): Container {
    const owner = networkOwner(container, this.#find);
    return 'message' in owner ? container : withNetworkOf(container, owner);
  }

  /** The very same container as before if nothing has changed, else this one. */
  known(container: Container): Container {
    const known = this.#seen.get(container.id)?.container;
    return known !== undefined && isSame(known, container) ? known : container;
  }

  /**
   * Takes the containers that exist out of those with these ids, or of all.
   * @param containers values that `known` has returned
   */
  take(containers: readonly Container[], ids: Iterable<string> = [...this.#seen.keys()]): void {
    const found = new Set(containers.map(({ id }) => id));
    for (const id of ids) if (!found.has(id)) this.#leaving.add(id);
    for (const container of containers) {
      this.#leaving.delete(container.id);
      const seen = this.#seen.get(container.id);
      if (seen === undefined) {
        this.#seen.set(container.id, { container, report: undefined, owner: undefined, isOutdated: true });
      } else if (seen.container !== container) {
        seen.container = container;
        seen.isOutdated = true;
      }
    }
  }

  /** Has a container reported on again, since its report depends on more than the container itself. */
  renew(id: string): void {
    const seen = this.#seen.get(id);
    if (seen !== undefined) seen.isOutdated = true;
  }

  renewAll(): void {
    for (const seen of this.#seen.values()) seen.isOutdated = true;
  }

  /**
   * All claims and problems. Only what is outdated is reported on again, and no more of it than one turn allows: the rest keeps
   * its old reports, and containers that are gone stay until everything was looked at, so that no route is missing meanwhile.
   */
  read(context: Omit<ReportContext, 'find'>): Read {
    const claims: Claim[] = [];
    const problems: Problem[] = [];
    const foreign = new Map<string, string[]>();
    let left = PORTION;
    let extras = EXTRAS;
    let isWhole = true;
    for (const seen of this.#seen.values()) {
      this.#lookForOwner(seen);
      if (seen.report === undefined || seen.isOutdated) {
        if (left === 0 || extras <= 0) isWhole = false;
        else {
          left--;
          extras -= renewReport(seen, { ...context, find: this.#find });
        }
      }
      const { report } = seen;
      if (report === undefined) continue;
      if (report.foreign !== undefined && report.workload.state === 'running') {
        const names = foreign.get(report.foreign);
        if (names === undefined) foreign.set(report.foreign, [report.workload.name]);
        else names.push(report.workload.name);
      }
      for (const { claim } of report.services) claims.push(claim);
      if (report.problems.length > 0) problems.push(...report.problems);
    }
    if (!isWhole || this.#leaving.size === 0) return { claims, problems, foreign, isWhole };
    for (const id of this.#leaving) this.#seen.delete(id);
    this.#leaving.clear();
    return this.read(context);
  }

  /** Outdates the report of a container that shares another's network, if that one has changed. */
  #lookForOwner(seen: Seen): void {
    if (seen.container.networkOf === undefined) return;
    const owner = networkOwner(seen.container, this.#find);
    if (seen.owner !== owner) seen.isOutdated = true;
    seen.owner = owner;
  }
}

/** Reports on a container again, and returns its extras, which cost time all the way to the route table. */
function renewReport(seen: Seen, context: ReportContext): number {
  const fresh = report(seen, context);
  if (seen.report === undefined || !isDeepStrictEqual(seen.report, fresh)) seen.report = fresh;
  seen.isOutdated = false;
  let text = 0;
  for (const value of Object.values(seen.container.labels)) text += value.length;
  let extras = Math.floor(text / 1_024) + fresh.problems.length + Math.max(0, fresh.services.length - 1);
  for (const { claim } of fresh.services) extras += Math.max(0, claim.routes.length - 1);
  return extras;
}

/** Reports on a container. An exception becomes a problem of this container, so that it does not cost the others. */
function report({ container, report: before }: Seen, context: ReportContext): WorkloadReport {
  try {
    return reportContainer(container, context);
  } catch (error) {
    const message = `cannot be understood: ${error instanceof Error ? error.message : error}`;
    const subject = container.name;
    const problem: Problem = { severity: 'error', source: context.source, subject, where: '', message };
    return { workload: workloadOf(container), services: before?.services ?? [], problems: [problem] };
  }
}

/** Compares containers as JSON, which is faster than by fields. That works because the fields are always in the same order. */
function isSame(a: Container, b: Container): boolean {
  if (a === b) return true;
  const { labels, ...rest } = a;
  const { labels: others, ...otherRest } = b;
  return isSameText(labels, others) && JSON.stringify(rest) === JSON.stringify(otherRest);
}

function isSameText(a: Container['labels'], b: Container['labels']): boolean {
  const labels = Object.keys(a);
  return labels.length === Object.keys(b).length && labels.every((label) => a[label] === b[label]);
}
