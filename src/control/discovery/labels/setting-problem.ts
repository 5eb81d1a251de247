/** A problem of one setting. */
export interface SettingProblem {
  readonly severity: 'error' | 'notice';
  /** The label, or the dotted key of the file. */
  readonly key: string;
  readonly message: string;
  readonly hint?: string;
}
