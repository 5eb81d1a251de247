import type { Address } from './address.ts';
import type { StatusRange } from './health.ts';
import { grouped, quoted } from './text.ts';

/**
 * Parsers of the values that options and labels share. Each throws a `ValueError` whose message completes the sentence
 * "KEY …", such as "wants a duration…".
 */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Parses `500ms`, `5s`, `1m30s`, `2h`, `1d` or a bare `0` to milliseconds. The longest is 24 days, as timers have it. */
export function parseDuration(text: string): number {
  const total = durationIn(text);
  if (total === undefined)
    throw new ValueError(`wants a duration such as 500ms, 5s or 1m30s, not ${quoted(text)}`);
  if (total > 24 * 86_400_000) throw new ValueError(`wants a duration of at most 24d, not ${quoted(text)}`);
  return total;
}

/** The same, however long it is; undefined of what is no duration. */
export function durationIn(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (DURATION_UNITS[unit as string] as number);
  }
  return Math.round(total);
}

/** Parses a duration above 0 to milliseconds. */
export function parsePositiveDuration(text: string): number {
  const duration = parseDuration(text);
  if (duration === 0) throw new ValueError('wants a duration of more than 0');
  return duration;
}

/** Parses `16384`, `16k`, `16KB` or `1MiB` to bytes; all units count in 1024. */
export function parseSize(text: string): number {
  const match = /^(\d+)\s*(?:([kmg])i?)?b?$/i.exec(text);
  if (match === null) throw new ValueError(`wants a size such as 16k or 1MB, not ${quoted(text)}`);
  return Number(match[1]) * (SIZE_UNITS[(match[2] ?? '').toLowerCase()] as number);
}

export function parseInteger(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < from || value > to) {
      throw new ValueError(`wants a whole number from ${from} to ${to}, not ${quoted(text)}`);
    }
    return value;
  };
}

/** Parses `20` or `20%` to a number from 0 to 100. */
export function parsePercent(text: string): number {
  const value = Number(text.replace(/%$/, ''));
  if (!/^\d{1,3}%?$/.test(text) || value > 100) {
    throw new ValueError(`wants a percentage from 0 to 100, such as 20%, not ${quoted(text)}`);
  }
  return value;
}

export const parsePort = parseInteger(1, 65_535);

export function parseBoolean(text: string): boolean {
  switch (text.toLowerCase()) {
    case 'true':
    case 'yes':
    case 'on':
    case '1':
      return true;
    case 'false':
    case 'no':
    case 'off':
    case '0':
      return false;
    default:
      throw new ValueError(`wants true or false, not ${quoted(text)}`);
  }
}

export function parseChoice<const T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text.toLowerCase());
    if (choice === undefined) throw new ValueError(`wants one of ${choices.join(', ')}, not ${quoted(text)}`);
    return choice;
  };
}

/** The most items of a list that is walked for each request or probe. */
export const MAX_ITEMS = 100;

/** Splits a text at commas into trimmed items; empty ones are left out. */
export function parseList(text: string, most = Number.POSITIVE_INFINITY): string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length > most) throw new ValueError(`wants at most ${most} items, not ${grouped(items.length)}`);
  return items;
}

/**
 * Parses an address to listen on: `8080`, `:8080`, `host:8080`, `[::1]:8080`. Without a host it is every address of the
 * machine, `::`, which takes IPv4 as well.
 */
export function parseAddress(text: string): Address {
  const match = /^(?:(?:\[([0-9a-f:.%a-z]+)\]|([^:[\]/\s]*)):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ValueError(`wants an address such as :8080, 127.0.0.1:8080 or [::1]:8080, not ${quoted(text)}`);
  }
  return { host: match[1] || match[2] || '::', port };
}

/** Parses a list of statuses such as `200`, `200-299` and `2xx`. */
export function parseStatusRanges(text: string): StatusRange[] {
  const ranges = parseList(text, MAX_ITEMS).map((item): StatusRange => {
    const match = /^(?:([1-5])xx|([1-5]\d\d)(?:-([1-5]\d\d))?)$/i.exec(item);
    const from = match?.[1] === undefined ? Number(match?.[2]) : Number(match[1]) * 100;
    const to = match?.[1] === undefined ? Number(match?.[3] ?? match?.[2]) : from + 99;
    if (match === null || to < from) {
      throw new ValueError(`wants statuses such as 200, 200-299 or 2xx, not ${quoted(item)}`);
    }
    return [from, to];
  });
  if (ranges.length === 0) throw new ValueError('wants at least one status');
  return ranges;
}

/** The longest DNS name, in characters (RFC 1035, section 2.3.4). */
const MAX_HOST = 253;
/** A longer text cannot be a host in any spelling, so it is refused without a closer look. */
const MAX_HOST_TEXT = 4 * MAX_HOST;
/** The longest path of a route or a check, in characters. */
const MAX_PATH = 2_048;

/** Parses the host of a route to lower case: a name, `*.name` or `*`. Other alphabets become punycode (RFC 5891). */
export function parseRouteHost(text: string): string {
  if (text === '*') return text;
  if (text.length > MAX_HOST_TEXT) {
    const hint = /\s/.test(text) ? 'put commas between hosts' : `the longest host has ${MAX_HOST} characters`;
    throw new ValueError(
      `wants hosts such as shop.example.org or *.example.org, not ${quoted(text)} (${hint})`,
    );
  }
  const wildcard = text.startsWith('*.') ? '*.' : '';
  const name = toAscii(text.slice(wildcard.length)).replace(/\.$/, '');
  const isName = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(name) && name.length <= MAX_HOST;
  const isIpv6 = wildcard === '' && /^\[[0-9a-f:.]+\]$/.test(name);
  if (isName || isIpv6) return wildcard + name;
  throw new ValueError(
    `wants hosts such as shop.example.org or *.example.org, not ${quoted(text)}${hostHint(text)}`,
  );
}

function toAscii(name: string): string {
  // A URL has other parts than the host, and what is not part of the name must not get lost in them.
  if (/^[\x21-\x7e]*$/.test(name) || /[\x00-\x20/:?#@%\\]/.test(name)) return name.toLowerCase();
  try {
    return new URL(`http://${name}`).hostname;
  } catch {
    return name;
  }
}

function hostHint(text: string): string {
  // A rule in the syntax of Traefik, which may contain spaces.
  if (/^(?:Host(?:SNI|Regexp)?|Path(?:Prefix)?)\(/i.test(text))
    return ' (only the name itself, without Host(…); a path goes into its own key)';
  if (/\s/.test(text)) return ' (put commas between hosts)';
  if (/^https?:\/\//.test(text)) return ' (leave out the scheme)';
  if (/^[0-9a-f:.]+$/i.test(text) && text.split(':').length > 2)
    return ' (an IPv6 address stands in brackets)';
  if (/:\d+$/.test(text)) return ' (leave out the port: a route serves every port that Fairlead listens on)';
  if (text.includes('/')) return ' (a path goes into its own key)';
  return '';
}

/** Throws a `ValueError` if a path is too long. */
export function checkPathLength(text: string): void {
  if (text.length > MAX_PATH)
    throw new ValueError(`wants a path of at most ${grouped(MAX_PATH)} characters, not ${quoted(text)}`);
}

/** Parses the path prefix of a route: it begins with `/` and has no query; a slash at its end means nothing. */
export function parseRoutePath(text: string): string {
  checkPathLength(text);
  if (!text.startsWith('/')) throw new ValueError(`wants a path that begins with /, not ${quoted(text)}`);
  if (!/^[\x21-\x7e]+$/.test(text) || /[?#\\*]|\/\/|\/\.{1,2}(?:\/|$)/.test(text)) {
    throw new ValueError(
      `wants a plain path prefix such as /api (no query, no *, no dot segments), not ${quoted(text)}`,
    );
  }
  return text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text;
}

/** Parses the weight of a backend, 0 to 256; with 0 it takes no new requests. */
export const parseWeight = parseInteger(0, 256);
