import { showDuration } from '../duration.ts';
import {
  parseBoolean,
  parseChoice,
  parseDuration,
  parseInteger,
  parsePercent,
  parsePort,
  parsePositiveDuration,
} from '../parse-values.ts';
import type { Key } from './key.ts';

/** What keys with the same kind of value have in common. */
type Kind<T> = Pick<Key<T>, 'value' | 'parse' | 'show'>;

export const SWITCH: Kind<boolean> = { value: 'true|false', parse: parseBoolean, show: String };

export const PORT: Kind<number> = { value: 'PORT', parse: parsePort, show: String };

export const PERCENT: Kind<number> = { value: 'PERCENT', parse: parsePercent, show: (value) => `${value}%` };

/** A duration, in milliseconds. */
export const TIME: Kind<number> = { value: 'DURATION', parse: parseDuration, show: showDuration };

/** A duration above 0, in milliseconds. */
export const POSITIVE_TIME: Kind<number> = { ...TIME, parse: parsePositiveDuration };

/** A duration for which the word stands for 0. */
export function timeOr(word: string): Kind<number> {
  return { ...TIME, show: (value) => (value === 0 ? word : showDuration(value)) };
}

export function integer(from: number, to: number): Kind<number> {
  return { value: `${from}–${to}`, parse: parseInteger(from, to), show: String };
}

export function choice<const T extends string>(...choices: readonly T[]): Kind<T> {
  return { value: choices.join('|'), parse: parseChoice(...choices), show: String };
}

/** A text that is kept as it is. */
export function text(value: string, parse: (text: string) => string): Kind<string> {
  return { value, parse, show: String };
}
