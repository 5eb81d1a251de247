import type { Address } from './address.ts';
import { carriedIp, type Ip, type IpRange, isLoopback, isPublic, isWithin, parseIp } from './ip.ts';

/** Where what labels say must not lead. */
export interface Border {
  /** Where this Fairlead listens itself. */
  readonly listeners: readonly Address[];
  /** Ranges that fallbacks by URL may lead to although they are not public. */
  readonly allowed: readonly IpRange[];
  /** The addresses of this machine now, without those of loopback. */
  local(): readonly string[];
}

/**
 * Whether an address is one where this Fairlead listens. The port decides on every address of the machine: what listens
 * on one may be reached by another.
 * @param host an IP address, or a name, of which only localhost is known
 */
export function isOwnListener({ host, port }: Address, { listeners, local }: Border): boolean {
  if (!listeners.some((listener) => listener.port === port)) return false;
  const ip = literalIp(host);
  return ip !== undefined && (isLoopback(ip) || local().some((own) => isSame(ip, parseIp(own))));
}

/**
 * Why a fallback by URL must not be sent to an address; undefined when it may be, or when it is a name, which is judged
 * by what it stands for.
 * @param mayBePrivate the operator says so, not a label
 */
export function whyBeyond(address: Address, mayBePrivate: boolean, border: Border): string | undefined {
  const ip = literalIp(address.host);
  if (ip === undefined) return undefined;
  if (isOwnListener(address, border)) return 'is where Fairlead itself listens';
  if (mayBePrivate || isPublic(ip) || border.allowed.some((range) => isWithin(ip, range))) return undefined;
  return 'is not a public address, and --fallback-allow does not name its range';
}

/** The address that a text is; that of loopback for the names of it (RFC 6761, section 6.3). */
function literalIp(host: string): Ip | undefined {
  const ip = parseIp(/(?:^|\.)localhost\.?$/i.test(host) ? '127.0.0.1' : host);
  return ip && carriedIp(ip);
}

function isSame(a: Ip, b: Ip | undefined): boolean {
  return b?.every((byte, i) => byte === a[i]) === true;
}
