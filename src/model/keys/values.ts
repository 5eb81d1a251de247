import type { StatusRange } from '../health.ts';
import {
  checkPathLength,
  MAX_ITEMS,
  parseChoice,
  parseDuration,
  parseList,
  parseRouteHost,
  parseStatusRanges,
  ValueError,
} from '../parse-values.ts';
import {
  BALANCE_NAMES,
  type BalanceName,
  type ErrorPage,
  type Fallback,
  type HashKey,
  IDEMPOTENT_METHODS,
  type RetryReasons,
  SAFE_METHODS,
} from '../service.ts';
import { grouped, quoted, sized } from '../text.ts';

/** Parsers of values that only labels and services have. Each throws a `ValueError`. */

/** Parses host patterns, separated by commas; duplicates are dropped. */
export function parseHosts(text: string): string[] {
  const hosts = parseList(text).map(parseRouteHost);
  if (hosts.length === 0) throw new ValueError('wants at least one host');
  return [...new Set(hosts)];
}

/** Parses the name of a service. */
export function parseServiceName(text: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(text)) {
    throw new ValueError(
      `wants a name of at most 63 letters, digits, ".", "_" and "-", the first a letter or digit, not ${quoted(text)}`,
    );
  }
  return text;
}

/** Parses the name of a Docker network. */
export function parseNetwork(text: string): string {
  if (!/^[\w.-]{1,255}$/.test(text)) throw new ValueError(`wants the name of a network, not ${quoted(text)}`);
  return text;
}

/** Parses the protocol of backends. */
export function parseScheme(text: string): 'http' {
  if (text === 'https' || text === 'h2c') throw new ValueError(`${text} is not supported yet, only http`);
  if (text.toLowerCase() !== 'http') throw new ValueError(`wants http, not ${quoted(text)}`);
  return 'http';
}

/** Parses the name of a balancer; `weighted` is another name of `round-robin`, which heeds weights. */
export function parseBalance(text: string): BalanceName {
  const name = parseChoice(...BALANCE_NAMES, 'weighted')(text);
  return name === 'weighted' ? 'round-robin' : name;
}

// RFC 9110, section 5.6.2, and RFC 6265, section 4.1.1: names of headers and cookies are tokens.
const NAME = /^[\w!#$%&'*+.^`|~-]{1,128}$/;

/** Parses the name of a cookie. */
export function parseCookieName(text: string): string {
  if (!NAME.test(text)) throw new ValueError(`wants the name of a cookie, not ${quoted(text)}`);
  return text;
}

/** Parses the key of `balance=hash`. */
export function parseHash(text: string): HashKey {
  const [, by, name = ''] = /^(client|path|header|cookie)(?::(.*))?$/.exec(text) ?? [];
  if ((by === 'client' || by === 'path') && text === by) return { by };
  if ((by === 'header' || by === 'cookie') && NAME.test(name)) return { by, name };
  throw new ValueError(`wants client, path, header:NAME or cookie:NAME, not ${quoted(text)}`);
}

/** Parses the path of an HTTP check. */
export function parseProbePath(text: string): string {
  checkPathLength(text);
  if (!/^\/[\x21-\x7e]*$/.test(text))
    throw new ValueError(`wants a path that begins with /, not ${quoted(text)}`);
  return text;
}

/** Parses the Host header of a check. */
export function parseProbeHost(text: string): string {
  if (!/^[\w.:[\]-]{1,255}$/.test(text)) throw new ValueError(`wants a host name, not ${quoted(text)}`);
  return text;
}

/** Parses the method of a check. */
export function parseProbeMethod(text: string): string {
  return parseChoice('get', 'head', 'options', 'post')(text).toUpperCase();
}

/** Parses the interval of a check to milliseconds. */
export function parseProbeInterval(text: string): number {
  const interval = parseDuration(text);
  if (interval < 100) throw new ValueError(`wants at least 100ms, not ${quoted(text)}`);
  return interval;
}

/**
 * Parses the failures that are retried: `connect`, `reset`, `timeout` and statuses. Others are not, except for a failed
 * connect, which is always: no byte was sent.
 */
export function parseRetryOn(text: string): RetryReasons {
  const items = parseList(text.toLowerCase(), MAX_ITEMS);
  const words = ['connect', 'reset', 'timeout'];
  if (items.length === 0) {
    throw new ValueError(`wants ${words.join(', ')}, 5xx or statuses; to turn retries off say attempts=0`);
  }
  const statuses = items.filter((item) => !words.includes(item));
  const misspelled = statuses.find((item) => !/^[\dx-]+$/.test(item));
  if (misspelled !== undefined) {
    throw new ValueError(`wants ${words.join(', ')}, 5xx or statuses, not ${quoted(misspelled)}`);
  }
  return {
    reset: items.includes('reset'),
    timeout: items.includes('timeout'),
    status: statuses.length === 0 ? [] : parseStatusRanges(statuses.join(',')),
  };
}

/** Parses methods whose requests may be sent twice; `safe` and `idempotent` stand for all methods of that property. */
export function parseRetryMethods(text: string): string[] {
  const methods = parseList(text.toUpperCase(), MAX_ITEMS).flatMap((item) => {
    if (item === 'SAFE') return SAFE_METHODS;
    if (item === 'IDEMPOTENT') return IDEMPOTENT_METHODS;
    if ([...IDEMPOTENT_METHODS, 'POST', 'PATCH'].includes(item)) return item;
    throw new ValueError(
      `wants safe, idempotent, ${IDEMPOTENT_METHODS.join(', ')}, POST or PATCH, not ${quoted(item)}`,
    );
  });
  if (methods.length === 0)
    throw new ValueError('wants safe, idempotent or methods; to turn retries off say attempts=0');
  return [...new Set(methods)];
}

/** Parses a chain of fallbacks. */
export function parseFallbacks(text: string): Fallback[] {
  const chain = parseList(text, MAX_ITEMS).map(parseFallback);
  const end = chain.findIndex(({ kind }) => kind === 'status' || kind === 'page');
  if (chain.length === 0) throw new ValueError(`wants ${FALLBACKS}`);
  if (end !== -1 && end < chain.length - 1)
    throw new ValueError('says more after a status or a page, which always answers: put that last');
  return chain;
}

const FALLBACKS = 'service:NAME, status:CODE, url:URL or page:FILE';

/** Whether a text is the name of a file without a folder: labels must not reach other folders. */
function isPlainFile(text: string): boolean {
  return /^[\w-][\w.-]{0,254}$/.test(text);
}

function parseFallback(text: string): Fallback {
  const [, kind, rest = ''] = /^(service|status|url|page):(.+)$/.exec(text) ?? [];
  switch (kind) {
    case 'service':
      return { kind, service: parseServiceName(rest) };
    case 'status':
      if (!/^[45]\d\d$/.test(rest))
        throw new ValueError(`wants status:CODE with a code from 400 to 599, not ${quoted(rest)}`);
      return { kind, status: Number(rest) };
    case 'page':
      if (!isPlainFile(rest))
        throw new ValueError(`wants page:FILE with a plain file name, not ${quoted(rest)}`);
      return { kind, file: rest };
    case 'url':
      return { kind, url: parseFallbackUrl(rest) };
    default:
      throw new ValueError(`wants ${FALLBACKS}, not ${quoted(text)}`);
  }
}

/** Parses pages that replace responses: `404:page:none.html, 5xx:page:{status}.html`. */
export function parseErrorPages(text: string): ErrorPage[] {
  const pages = parseList(text, MAX_ITEMS).map((item): ErrorPage => {
    const [, statuses = '', file = ''] = /^([^:]+):page:(.+)$/.exec(item) ?? [];
    if (file === '')
      throw new ValueError(`wants STATUS:page:FILE such as 5xx:page:oops.html, not ${quoted(item)}`);
    const [status] = parseStatusRanges(statuses);
    if (status === undefined || status[0] < 400)
      throw new ValueError(`wants statuses from 400, not ${quoted(statuses)}`);
    if (!isPlainFile(file.replaceAll('{status}', '500')))
      throw new ValueError(`wants page:FILE with a plain file name, not ${quoted(file)}`);
    return { status, file };
  });
  if (pages.length === 0) throw new ValueError('wants STATUS:page:FILE such as 5xx:page:oops.html');
  return pages;
}

/** The longest URL of a fallback, in characters. */
const MAX_URL = 2_048;

function parseFallbackUrl(text: string): string {
  if (text.length > MAX_URL)
    throw new ValueError(
      `wants url:URL of at most ${grouped(MAX_URL)} characters, not ${sized(text.length)}`,
    );
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The message does not repeat a value with a password, since many people see problems.
  if (url !== undefined && url.username + url.password !== '')
    throw new ValueError('wants url:https://HOST/PATH without credentials');
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search + url.hash !== '')
    throw new ValueError(`wants url:https://HOST/PATH without a query, not ${quoted(text)}`);
  return url.href;
}

/** Writes ranges of statuses: `200-399, 404`. */
export function showStatuses(ranges: readonly StatusRange[]): string {
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}

/** Writes reasons to retry: `connect, reset, 500-599`. */
export function showRetryOn({ reset, timeout, status }: RetryReasons): string {
  const words = ['connect', reset && 'reset', timeout && 'timeout', showStatuses(status)];
  return words.filter((word) => word !== false && word !== '').join(', ');
}

/** Writes a chain of fallbacks: `service:NAME, status:CODE`. */
export function showFallbacks(chain: readonly Fallback[]): string {
  return chain.map((one) => `${one.kind}:${detailOf(one)}`).join(', ');
}

function detailOf(one: Fallback): string {
  switch (one.kind) {
    case 'service':
      return one.service;
    case 'status':
      return String(one.status);
    case 'url':
      return one.url;
    case 'page':
      return one.file;
  }
}
