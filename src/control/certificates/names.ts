import { SocketAddress } from 'node:net';
import { isWithin, parseIp, parseIpRange } from '../../model/ip.ts';

/**
 * What no public authority signs, and the internal one does: names that the DNS of the world does not have (RFC 6761, RFC 6762,
 * RFC 7686, RFC 8375, ICANN's `internal`), each with all below it, and networks of which everybody has his own.
 */
export const INTERNAL = {
  names: ['localhost', 'local', 'internal', 'home.arpa', 'test', 'invalid', 'onion', 'lan'],
  networks: [
    ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
    ...['::1/128', 'fc00::/7', 'fe80::/10'],
  ],
} as const;

const NETWORKS = INTERNAL.networks.flatMap((text) => parseIpRange(text) ?? []);

/** A host of a route as a name of certificates; undefined for any host, `*`. */
export function certifiedName(host: string): string | undefined {
  if (host === '*') return undefined;
  return canonicalAddress(host.replace(/^\[|\]$/g, '')) ?? host;
}

/** The only spelling of an address; undefined for what is none. */
export function canonicalAddress(text: string): string | undefined {
  if (parseIp(text) === undefined || text.includes('%')) return undefined;
  return new SocketAddress({ address: text, family: text.includes(':') ? 'ipv6' : 'ipv4' }).address;
}

/** Why the internal authority does not sign for a name; undefined when it does. */
export function whyNotInternal(name: string): string | undefined {
  const ip = parseIp(name);
  if (ip !== undefined)
    return NETWORKS.some((range) => isWithin(ip, range)) ? undefined : 'it is an address of a public network';
  if (name.startsWith('*.') && !name.slice(2).includes('.'))
    return 'no client believes a certificate for all names right below a top-level name';
  const isInternal = INTERNAL.names.some((one) => name === one || name.endsWith(`.${one}`));
  if (isInternal) return undefined;
  if (!name.includes('.'))
    return `it is a name without a dot, and the internal authority signs only for ${INTERNAL.names.join(', ')} and what is below them`;
  return 'it is a public name';
}
