import type { Setter } from './draft.ts';

/** One key of the labels and of the file's services. */
export interface LabelKey {
  /** Without its `fairlead.`. */
  readonly key: string;
  readonly value: string;
  readonly default: string;
  readonly doc: string;
  readonly set: Setter;
}

export function key(name: string, value: string, defaultText: string, doc: string, set: Setter): LabelKey {
  return { key: name, value, default: defaultText, doc, set };
}

export const SWITCH = 'true|false';
export const TIME = 'DURATION';
