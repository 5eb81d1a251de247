import { reportWorkload } from '../../src/control/discovery/report.ts';
import type { Source } from '../../src/control/discovery/source.ts';
import { explainFrom, type WorkloadReport } from '../../src/control/discovery/workload.ts';
import type { Contribution } from '../../src/model/contribution.ts';

/** What an orchestrator that is no Docker Engine might list. */
export interface Task {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where it listens; a task that does not run does so nowhere. */
  readonly port?: number;
}

/** All that a new kind of source needs; a test changes its tasks as it likes. */
export function taskSource(tasks: readonly Task[]): Source & { become(tasks: readonly Task[]): void } {
  let reports: readonly WorkloadReport[] = [];
  let publish: (contribution: Contribution) => void = () => {};
  const become = (next: readonly Task[]) => {
    reports = next.map(reportTask);
    const status = { name: 'tasks', target: 'test', connected: true };
    const claims = reports.flatMap(({ services }) => services.map(({ claim }) => claim));
    publish({ status, claims, problems: reports.flatMap(({ problems }) => problems) });
  };
  return {
    name: 'tasks',
    watch(onContribution) {
      publish = onContribution;
      become(tasks);
    },
    explain: (subject) => explainFrom(reports, subject),
    become,
  };
}

function reportTask({ port, ...task }: Task): WorkloadReport {
  const state = port === undefined ? 'rejected' : 'running';
  const workload = { ...task, kind: 'task', image: 'my/shop:1', state, isRunning: port !== undefined };
  const serves = port === undefined ? {} : { serves: { key: task.id, address: { host: '127.0.0.1', port } } };
  const locate = () => ({ ...serves, problems: [], notes: [`port ${port}: the task listens there`] });
  const context = { source: 'tasks', allow: [], networks: [], refused: [], locate };
  return reportWorkload({ ...workload, createdAt: 0 }, context);
}
