/** Something wrong with one input: shown, never fatal. */
export interface Problem {
  /** An `error` keeps the input from having its effect; a `notice` does not. */
  readonly severity: 'error' | 'notice';
  /** The name of the source, such as `docker`. */
  readonly source: string;
  /** The name of the container or of the file. */
  readonly subject: string;
  /** The label, or the line of the file. */
  readonly where: string;
  readonly message: string;
  /** What would solve it. */
  readonly hint?: string;
}

/** Formats a problem as a line for people. */
export function formatProblem(problem: Problem): string {
  const where = problem.where === '' ? '' : ` ${problem.where}:`;
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  return `${problem.subject}:${where} ${problem.message}${hint}`;
}

/**
 * Keeps the first problems of each subject and tells how many more there are: the mistakes of one container must neither
 * hide those of others nor cost whoever passes them on.
 */
export function boundProblems(problems: readonly Problem[], most: number): readonly Problem[] {
  if (problems.length <= most) return problems;
  const bySubject = Map.groupBy(problems, ({ source, subject }) => `${source} ${subject}`);
  return [...bySubject.values()].flatMap((all) => {
    const [first] = all;
    const rest = all.length - most;
    if (first === undefined || rest <= 0) return all;
    const severity = all.slice(most).some((problem) => problem.severity === 'error') ? 'error' : 'notice';
    const { source, subject } = first;
    return [
      ...all.slice(0, most),
      { severity, source, subject, where: '', message: `${rest} more problems` },
    ];
  });
}
