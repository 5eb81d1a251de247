/** Something wrong with one input: shown, never fatal. */
export interface Problem {
  /** An `error` keeps the input from having its effect; a `notice` does not. */
  readonly severity: 'error' | 'notice';
  /** Name of the source, such as `docker`. */
  readonly source: string;
  /** The container's or the file's name. */
  readonly subject: string;
  /** The label, or the line of the file. */
  readonly where: string;
  readonly message: string;
  /** What would mend it. */
  readonly hint?: string;
}

/** One line for people. */
export function formatProblem(problem: Problem): string {
  const where = problem.where === '' ? '' : ` ${problem.where}:`;
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  return `${problem.subject}:${where} ${problem.message}${hint}`;
}
