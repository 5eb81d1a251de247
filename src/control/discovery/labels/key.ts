import type { KeyName } from '../../../model/allow.ts';
import type { Setter } from './draft.ts';

/** What all labels of ours begin with. */
export const PREFIX = 'fairlead.';

/** What is wrong with one setting. */
export interface SettingProblem {
  readonly severity: 'error' | 'notice';
  /** The label, or the dotted key of the file. */
  readonly key: string;
  readonly message: string;
  readonly hint?: string;
}

/** One key of the labels and of the file's services. */
export interface LabelKey {
  /** Without its `fairlead.`. */
  readonly key: KeyName;
  readonly value: string;
  readonly default: string;
  readonly doc: string;
  readonly set: Setter;
}

export function key(name: KeyName, value: string, defaultText: string, doc: string, set: Setter): LabelKey {
  return { key: name, value, default: defaultText, doc, set };
}

export const SWITCH = 'true|false';
export const TIME = 'DURATION';
