import type { Claim } from '../../model/contribution.ts';
import type { Problem } from '../../model/problem.ts';

/** What a source finds that may serve: a container, a task of Swarm, a pod. */
export interface Workload {
  /** The word for this kind of workload, such as `container`. */
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its state in the words of the runtime, such as `running` or `exited`. */
  readonly state: string;
  /** Its process exists; it may be paused. */
  readonly isRunning: boolean;
  /** When it was created, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** The id of the container that it runs in, if there is one. */
  readonly containerId?: string;
}

/** What became of one service of a workload. */
export interface ServiceReport {
  /** The NAME of `services.NAME`; empty for the keys without a name. */
  readonly name: string;
  readonly claim: Claim;
  /** Why this address and this port were chosen. */
  readonly notes: readonly string[];
}

/** What became of a workload. The source contributes its claims and problems; `explain` shows all of it. */
export interface WorkloadReport {
  readonly workload: Workload;
  /** Why the workload is ignored; absent if it is not. */
  readonly ignored?: string;
  /** The other proxy whose labels it has, if it has none of ours. */
  readonly foreign?: string;
  readonly services: readonly ServiceReport[];
  readonly problems: readonly Problem[];
}

/** What a source answers when a person asks for a workload. */
export interface Explained {
  /** The reports of the workloads that are meant; empty if the source has no such workload. */
  readonly reports: readonly WorkloadReport[];
  /** The names of all its workloads, to suggest one if the name was mistyped. */
  readonly names: readonly string[];
}

/** The fewest characters of an id that select a workload. */
const SHORTEST_ID = 3;

/** Finds the workload whose name is the subject, else one whose id begins with it. */
export function explainFrom(reports: readonly WorkloadReport[], subject: string): Explained {
  const meant =
    reports.find(({ workload }) => workload.name === subject) ??
    (subject.length >= SHORTEST_ID
      ? reports.find(({ workload }) => workload.id.startsWith(subject))
      : undefined);
  return {
    reports: meant === undefined ? [] : [meant],
    names: reports.map(({ workload }) => workload.name),
  };
}
