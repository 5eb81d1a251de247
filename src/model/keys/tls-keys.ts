import { showDuration } from '../duration.ts';
import { durationIn, parseList, ValueError } from '../parse-values.ts';
import type { RouteTls } from '../route.ts';
import { quoted } from '../text.ts';
import type { KeysOf } from './key.ts';
import { choice } from './kinds.ts';

/** A year: browsers take a host into their lists (hstspreload.org) only for so long. */
const YEAR_S = 31_536_000;

/** What of TLS each route has by itself. */
export const TLS_KEYS: KeysOf<RouteTls> = {
  tls: {
    key: 'tls',
    value: 'auto|internal|off',
    parse: parseTls,
    show: String,
    default: 'auto',
    doc: 'Where the certificate of `host` comes from: `auto` is a file of `--certificates`, else for internal names the internal authority; `off`: none, http only',
  },
  https: {
    key: 'https',
    ...choice('redirect', 'both', 'only', 'off'),
    default: 'redirect',
    doc: 'What a request by http gets: `redirect` leads it to https once there is a certificate, `both` answers it, `only` refuses it; with `off` those by https are refused. Where nothing is said it is `redirect`, but not to a certificate of the internal authority',
  },
  hsts: {
    key: 'hsts',
    value: 'DURATION[, subdomains][, preload]',
    parse: parseHsts,
    show: showHsts,
    default: 'none',
    doc: 'For so long browsers ask only by https: Strict-Transport-Security, said by https alone, and only with a certificate that is publicly trusted',
  },
};

/** Those of a route that are said, as people write them: `https=both`. */
export function describeTls({ tls, https, hsts }: RouteTls): string[] {
  return [
    ...(tls === undefined ? [] : [`tls=${tls}`]),
    ...(https === undefined ? [] : [`https=${https}`]),
    ...(hsts === undefined ? [] : [`hsts=${showHsts(hsts)}`]),
  ];
}

function parseTls(text: string): NonNullable<RouteTls['tls']> {
  const value = text.toLowerCase();
  if (value === 'auto' || value === 'internal' || value === 'off') return value;
  if (value === 'acme')
    throw new ValueError('acme is not built yet: put a certificate into the folder of --certificates');
  if (value === 'passthrough') throw new ValueError('passthrough is not built yet');
  throw new ValueError(`wants one of auto, internal, off, not ${quoted(text)}`);
}

/** The value of the header. Throws a `ValueError`. */
function parseHsts(text: string): string {
  const [age = '', ...words] = parseList(text.toLowerCase());
  const ms = durationIn(age);
  if (ms === undefined || words.some((word) => word !== 'subdomains' && word !== 'preload'))
    throw new ValueError(`wants a duration, such as 365d, then subdomains or preload, not ${quoted(text)}`);
  const seconds = Math.floor(ms / 1_000);
  const [hasSubdomains, isPreloaded] = ['subdomains', 'preload'].map((word) => words.includes(word));
  if (isPreloaded && (!hasSubdomains || seconds < YEAR_S))
    throw new ValueError('wants 365d and subdomains at least beside preload: browsers take no less');
  return `max-age=${seconds}${hasSubdomains ? '; includeSubDomains' : ''}${isPreloaded ? '; preload' : ''}`;
}

function showHsts(header: string): string {
  const seconds = Number(/^max-age=(\d+)/.exec(header)?.[1] ?? 0);
  return (
    showDuration(seconds * 1_000) +
    header
      .replace(/^[^;]*/, '')
      .replace('includeSubDomains', 'subdomains')
      .replaceAll(';', ',')
  );
}
