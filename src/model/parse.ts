import type { Address } from './address.ts';
import type { StatusRange } from './health.ts';
import { grouped, quoted } from './text.ts';

/**
 * Reads of a text the values that options and labels share. Each throws a `ValueError` whose message
 * completes the sentence "KEY …", such as "wants a duration…".
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

/** Milliseconds of `500ms`, `5s`, `1m30s`, `2h`, `1d`; a bare 0 needs no unit. The longest is 24 days, a timer's. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) {
    throw new ValueError(`wants a duration such as 500ms, 5s or 1m30s, not ${quoted(text)}`);
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (DURATION_UNITS[unit as string] as number);
  }
  if (total > 24 * 86_400_000) throw new ValueError(`wants a duration of at most 24d, not ${quoted(text)}`);
  return Math.round(total);
}

/** A duration that is more than nothing. */
export function parsePositiveDuration(text: string): number {
  const duration = parseDuration(text);
  if (duration === 0) throw new ValueError('wants a duration of more than 0');
  return duration;
}

/** Bytes of `16384`, `16k`, `16KB`, `1MiB`; all units count in 1024. */
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

/** 0 to 100 of `20` or `20%`. */
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

/** Most items of a list that something goes through for a request or a probe. */
export const MAX_ITEMS = 100;

/** The comma-separated items of a text, each trimmed; empty ones are left out. */
export function parseList(text: string, most = Number.POSITIVE_INFINITY): string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length > most) throw new ValueError(`wants at most ${most} items, not ${grouped(items.length)}`);
  return items;
}

/**
 * `8080`, `:8080`, `host:8080`, `[::1]:8080`. Without a host it is every address of the machine, `::`, which
 * takes IPv4 as well.
 */
export function parseAddress(text: string): Address {
  const match = /^(?:(?:\[([0-9a-f:.%a-z]+)\]|([^:[\]/\s]*)):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ValueError(`wants an address such as :8080, 127.0.0.1:8080 or [::1]:8080, not ${quoted(text)}`);
  }
  return { host: match[1] || match[2] || '::', port };
}

/** `200`, `200-299`, `2xx`, and lists of them. */
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

/** The longest name of the DNS (RFC 1035, section 2.3.4). */
const MAX_HOST = 253;
/** A longer text is no host in any spelling, and is not looked at any closer. */
const MAX_HOST_TEXT = 4 * MAX_HOST;
/** The longest path that a route or a check has. */
const MAX_PATH = 2_048;

/** A host to route: lower case, `*.name`, or `*`; letters of other alphabets become punycode (RFC 5891). */
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
  // A URL has more than a host in it: what is not a name must not be dropped unseen.
  if (/^[\x21-\x7e]*$/.test(name) || /[\x00-\x20/:?#@%\\]/.test(name)) return name.toLowerCase();
  try {
    return new URL(`http://${name}`).hostname;
  } catch {
    return name;
  }
}

function hostHint(text: string): string {
  // A rule of Traefik, which may have spaces in it.
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

/** Throws a `ValueError` where a path is longer than any that is read. */
export function checkPathLength(text: string): void {
  if (text.length > MAX_PATH)
    throw new ValueError(`wants a path of at most ${grouped(MAX_PATH)} characters, not ${quoted(text)}`);
}

/** A path prefix to route: begins with `/`, has no query; a slash at its end means nothing. */
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

/** A backend's share of traffic, 0 to 256; at 0 it takes no new requests. */
export const parseWeight = parseInteger(0, 256);
