import type { Address } from './address.ts';
import { carriedIp, type Ip, type IpRange, isLoopback, isPublic, isWithin, parseIp } from './ip.ts';

/** The addresses where labels must not lead. */
export interface Border {
  /** The addresses that this Fairlead listens on. */
  readonly listeners: readonly Address[];
  /** Ranges that are not public and where fallbacks by URL may lead nevertheless. */
  readonly allowed: readonly IpRange[];
  /** Returns the present addresses of this machine, without those of loopback. */
  local(): readonly string[];
}

/**
 * Whether this Fairlead listens on an address. On any address of the machine the port alone decides, since what listens on
 * one address may be reached by another.
 * @param host an IP address, or a name, of which only localhost is known
 */
export function isOwnListener({ host, port }: Address, { listeners, local }: Border): boolean {
  if (!listeners.some((listener) => listener.port === port)) return false;
  const ip = literalIp(host);
  return ip !== undefined && (isLoopback(ip) || local().some((own) => isSame(ip, parseIp(own))));
}

/**
 * Tells why a fallback by URL must not lead to an address. Undefined when it may, and for a name, whose addresses are judged
 * once they are known.
 * @param mayBePrivate whether the operator wrote the URL, and no label
 */
export function whyBeyond(address: Address, mayBePrivate: boolean, border: Border): string | undefined {
  const ip = literalIp(address.host);
  if (ip === undefined) return undefined;
  if (isOwnListener(address, border)) return 'is where Fairlead itself listens';
  if (mayBePrivate || isPublic(ip) || border.allowed.some((range) => isWithin(ip, range))) return undefined;
  return 'is not a public address, and --fallback-allow does not name its range';
}

/** Parses an address; names of loopback count as its address (RFC 6761, section 6.3). */
function literalIp(host: string): Ip | undefined {
  const ip = parseIp(/(?:^|\.)localhost\.?$/i.test(host) ? '127.0.0.1' : host);
  return ip && carriedIp(ip);
}

function isSame(a: Ip, b: Ip | undefined): boolean {
  return b?.every((byte, i) => byte === a[i]) === true;
}
