import type { Claim } from '../../model/contribution.ts';
import type { Problem } from '../../model/problem.ts';

/** What a source finds that may serve: a container, a task of Swarm, a pod. */
export interface Workload {
  /** What people call it: `container`. */
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A word of whoever runs it: `running`, `exited`. */
  readonly state: string;
  /** Its process exists, be it paused. */
  readonly isRunning: boolean;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  /** Id of the container that it runs in, where there is one. */
  readonly containerId?: string;
}

/** What became of one service of a workload. */
export interface ServiceReport {
  /** The NAME of `services.NAME`; empty for the workload's own. */
  readonly name: string;
  readonly claim: Claim;
  /** Why this address and this port. */
  readonly notes: readonly string[];
}

/** What became of a workload: for `explain`, and what its source contributes. */
export interface WorkloadReport {
  readonly workload: Workload;
  /** Why it is not looked at; absent when it is. */
  readonly ignored?: string;
  /** The other proxy whose labels it has, and none of ours. */
  readonly foreign?: string;
  readonly services: readonly ServiceReport[];
  readonly problems: readonly Problem[];
}

/** What a source answers to somebody who asks for a workload. */
export interface Explained {
  /** Those that are meant; none where the source has no such workload. */
  readonly reports: readonly WorkloadReport[];
  /** Names of all its workloads, for whoever has mistyped one. */
  readonly names: readonly string[];
}

/** A shorter beginning of an id could mean too many. */
const SHORTEST_ID = 3;

/** Finds the workload that is called like the subject, else one whose id begins so. */
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
