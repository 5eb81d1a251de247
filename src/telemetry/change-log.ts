import { changesOf } from '../model/changes.ts';
import type { Clock } from '../model/clock.ts';
import { describeFlags } from '../model/health.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { diffSnapshots, healthChanges, type Snapshot } from '../model/snapshot.ts';
import type { Log } from './log.ts';
import { Ration } from './ration.ts';
import { Restless } from './restless.ts';

/** How many lines about health, and as many about problems, are logged in a second; more are only counted. */
const MAX_LINES = 50;

type Level = 'info' | 'warn';

/** Makes a function that logs what changed from one snapshot to the next; of hundreds of changes at once it logs how many. */
export function makeChangeLog(log: Log, clock: Clock): (snapshot: Snapshot, before: Snapshot) => void {
  const logHealth = bounded(log, clock, 'backends changed their health');
  const logProblem = bounded(log, clock, 'problems came or were solved');
  const restless = new Restless(clock, (line) => log.info(line));
  return (snapshot, before) => {
    for (const difference of diffSnapshots(before, snapshot)) restless.write(difference);
    for (const { service, backend, health, isFailure } of healthChanges(before, snapshot)) {
      const text = `${backend.name} of ${service} is ${describeFlags(health.flags)} (${health.reason})`;
      logHealth(isFailure ? 'warn' : 'info', { service, backend: backend.name }, text);
    }
    logProblems(snapshot, before, logProblem);
  };
}

function logProblems(snapshot: Snapshot, before: Snapshot, write: Write): void {
  const { gone, fresh } = changesOf(before.problems, snapshot.problems);
  const known = new Set(gone.map(formatProblem));
  const stillWrong = new Set(fresh.map(inputOf));
  for (const problem of fresh) {
    const line = formatProblem(problem);
    if (!known.delete(line))
      write(
        problem.severity === 'error' ? 'warn' : 'info',
        { source: problem.source, subject: problem.subject },
        line,
      );
  }
  for (const problem of gone) {
    const line = formatProblem(problem);
    // A problem of the same input that is only worded otherwise now is not solved.
    if (known.delete(line) && !stillWrong.has(inputOf(problem))) write('info', {}, `solved: ${line}`);
  }
}

function inputOf({ source, subject, where }: Problem): string {
  return `${source} ${subject} ${where}`;
}

type Write = (level: Level, fields: object, text: string) => void;

/** Makes a function that logs the first lines of each second, and then how many more there were. */
function bounded(log: Log, clock: Clock, what: string): Write {
  let worst: Level = 'info';
  const ration = new Ration(clock, MAX_LINES, 1_000, (more) => {
    log[worst](`${more} more ${what} in the last second: see fairlead status`);
    worst = 'info';
  });
  return (level, fields, text) => {
    if (ration.take()) log[level](fields, text);
    else if (level === 'warn') worst = 'warn';
  };
}
