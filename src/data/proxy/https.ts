import { type KeyPair, type Keyring, pairFor } from '../../model/keyring.ts';
import type { Route } from '../../model/route.ts';
import { ProxyError } from '../errors.ts';
import { hostOf } from '../routing/host.ts';
import type { Runtime } from '../runtime.ts';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';

/** What this needs to know of https, whenever it is asked. */
export type Https = Pick<Runtime, 'httpsPort' | 'keyring' | 'clock' | 'settings'>;

const MISDIRECTED = new ProxyError(
  'misdirected',
  'the certificate of this connection is not for the host, which has another one',
);
const HTTPS_ONLY = new ProxyError('no-route', 'the route is reached by https alone (fairlead.https=only)');
const NO_HTTPS = new ProxyError('no-route', 'the route is not reached by https (fairlead.https=off)');

/** 308: permanent, and the client repeats the same request at the new place, body and all (RFC 9110, section 15.4.9). */
const REDIRECT = 308;
const NO_BODY = Buffer.alloc(0);
/** In the first hour of a certificate nobody keeps a redirect: it may not be what it was meant to be. */
const YOUNG_MS = 3_600_000;
/** Who certifies a name asks for these by http (RFC 8555, section 8.3). */
const CHALLENGE = '/.well-known/acme-challenge/';

/**
 * What becomes of a request by whether it came by https, before its filters see it; undefined lets it go on.
 * @param onUntrusted hears of one that says it came by https, of somebody who is not believed
 */
export function judgeScheme(
  exchange: Exchange,
  { https, tls }: Route,
  runtime: Https,
  onUntrusted: (exchange: Exchange) => void,
): Reply | ProxyError | undefined {
  if (exchange.scheme === 'https') {
    if (isMisdirected(exchange, runtime)) return MISDIRECTED;
    return https === 'off' ? NO_HTTPS : undefined;
  }
  if (https === 'only') return HTTPS_ONLY;
  if (https === 'both' || https === 'off' || tls === 'off') return undefined;
  const said = redirectToHttps(exchange, runtime, https === 'redirect');
  if (said !== 'loop') return said;
  onUntrusted(exchange);
  return undefined;
}

/**
 * Leads a request to the same URL by https; undefined where that cannot be had. `loop` is one that a proxy before us sends, which
 * ends TLS and says so: whether or not it is believed, what it sends next would be the same.
 * @param isAsked somebody wants it so. By itself nobody is led to a certificate of the internal authority, which browsers do not
 * trust until they are told to
 */
export function redirectToHttps(
  exchange: Exchange,
  https: Https,
  isAsked: boolean,
): Reply | 'loop' | undefined {
  const { head, path } = exchange;
  const { httpsPort, keyring, clock } = https;
  // Without a host there is no URL to redirect to.
  if (httpsPort === undefined || head.host === '' || path.startsWith(CHALLENGE)) return undefined;
  const pair = certificateFor(head.host, keyring);
  if (pair === undefined || (pair.source === 'internal' && !isAsked)) return undefined;
  if (saysHttps(exchange)) return 'loop';
  const name = head.host.replace(/:\d*$/, '');
  // A host without a port has the usual ports towards the public, whichever port https has in here.
  const port = name === head.host || httpsPort === 443 ? '' : `:${httpsPort}`;
  const target = head.target === '*' ? '/' : head.target;
  const isYoung = clock.now() - pair.notBefore < YOUNG_MS;
  const fields = `Location: https://${name}${port}${target}\r\n${isYoung ? 'Cache-Control: no-store\r\n' : ''}`;
  return { status: REDIRECT, fields, body: NO_BODY };
}

/**
 * Whether the client should have asked on another connection (RFC 9110, section 7.4): it was shown the certificate of another
 * name, which does not cover the host, though the host has one. A trusted proxy asks for many hosts on one connection.
 */
function isMisdirected({ downstream, head }: Exchange, { keyring, settings }: Https): boolean {
  const { shown } = downstream.transport;
  if (shown === undefined || shown.name === '' || head.host === shown.name) return false;
  const own = certificateFor(head.host, keyring);
  if (own === undefined || own === shown.pair || isCovered(head.host, shown.pair)) return false;
  return !settings.isTrusted(downstream.peer);
}

function isCovered(authority: string, { names }: KeyPair): boolean {
  const host = nameOf(authority);
  const dot = host.indexOf('.');
  return names.includes(host) || (dot > 0 && names.includes(`*${host.slice(dot)}`));
}

function certificateFor(authority: string, keyring: Keyring): KeyPair | undefined {
  return pairFor(keyring, nameOf(authority));
}

/** As certificates have it: an address of IPv6 has no brackets there. */
function nameOf(authority: string): string {
  return hostOf(authority).replace(/^\[|\]$/g, '');
}

function saysHttps({ head }: Exchange): boolean {
  return head.all('x-forwarded-proto').some((value) => /^https\b/i.test(value));
}
