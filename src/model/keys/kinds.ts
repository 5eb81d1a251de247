import { showDuration } from '../duration.ts';
import {
  parseBoolean,
  parseChoice,
  parseDuration,
  parseInteger,
  parsePercent,
  parsePort,
  parsePositiveDuration,
} from '../parse.ts';
import type { Key } from './key.ts';

/** What keys of the same kind have in common. */
type Kind<T> = Pick<Key<T>, 'value' | 'parse' | 'show'>;

export const SWITCH: Kind<boolean> = { value: 'true|false', parse: parseBoolean, show: String };

export const PORT: Kind<number> = { value: 'PORT', parse: parsePort, show: String };

export const PERCENT: Kind<number> = { value: 'PERCENT', parse: parsePercent, show: (value) => `${value}%` };

/** Milliseconds. */
export const TIME: Kind<number> = { value: 'DURATION', parse: parseDuration, show: showDuration };

/** More than none. */
export const POSITIVE_TIME: Kind<number> = { ...TIME, parse: parsePositiveDuration };

/** Of which 0 has a meaning of its own. */
export function timeOr(word: string): Kind<number> {
  return { ...TIME, show: (value) => (value === 0 ? word : showDuration(value)) };
}

export function integer(from: number, to: number, value = `${from}–${to}`): Kind<number> {
  return { value, parse: parseInteger(from, to), show: String };
}

export function choice<const T extends string>(...choices: readonly T[]): Kind<T> {
  return { value: choices.join('|'), parse: parseChoice(...choices), show: String };
}

/** Text that stays as it is. */
export function text(value: string, parse: (text: string) => string): Kind<string> {
  return { value, parse, show: String };
}
