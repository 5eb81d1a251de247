/** An IP address as 16 bytes; IPv4 addresses as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2). */
export type Ip = readonly number[];

/** A CIDR range. `bits` counts from the first of the 16 bytes. */
export interface IpRange {
  readonly ip: Ip;
  readonly bits: number;
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** Parses an address without brackets; undefined for anything else, such as a name. */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(':')) return parseIpv4(text, MAPPED);
  // The zone of a link-local address (`%eth0`) is not part of the address.
  const [address = ''] = text.split('%', 1);
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const last = dotted === null ? [] : parseIpv4(dotted[2] as string, []);
  if (last === undefined) return undefined;
  const [left = '', right, ...more] = (dotted?.[1]?.replace(/([^:]):$/, '$1') ?? address).split('::');
  if (more.length > 0) return undefined;
  const before = parseGroups(left);
  const after = parseGroups(right ?? '');
  if (before === undefined || after === undefined) return undefined;
  const missing = 16 - before.length - after.length - last.length;
  // `::` stands for at least one group of zeros.
  if (right === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...before, ...new Array(missing).fill(0), ...after, ...last];
}

/** Parses a range such as `10.0.0.0/8` or `fd00::/8`; a single address is a range of one. */
export function parseIpRange(text: string): IpRange | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const ip = parseIp(address);
  const most = address.includes(':') ? 128 : 32;
  if (ip === undefined || more.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix)))
    return undefined;
  const length = prefix === undefined ? most : Number(prefix);
  return length > most ? undefined : { ip, bits: length + 128 - most };
}

export function isWithin(address: Ip, { ip, bits }: IpRange): boolean {
  for (let i = 0; i < 16 && i * 8 < bits; i++) {
    const mask = bits - i * 8 >= 8 ? 0xff : 0xff & (0xff << (8 - (bits - i * 8)));
    if ((((address[i] as number) ^ (ip[i] as number)) & mask) !== 0) return false;
  }
  return true;
}

const ranges = (...texts: string[]) => texts.map((text) => parseIpRange(text) as IpRange);

/** Networks whose addresses contain an IPv4 address, with the byte at which it begins: NAT64 (RFC 6052), 6to4 (RFC 3056). */
const CARRIERS = [
  { range: parseIpRange('64:ff9b::/96') as IpRange, at: 12 },
  { range: parseIpRange('2002::/16') as IpRange, at: 2 },
];

/** Where packets to an address end up: at the IPv4 address that it contains, if any, else at itself. */
export function carriedIp(ip: Ip): Ip {
  const carrier = CARRIERS.find(({ range }) => isWithin(ip, range));
  return carrier === undefined ? ip : [...MAPPED, ...ip.slice(carrier.at, carrier.at + 4)];
}

const IPV4 = parseIpRange('::ffff:0:0/96') as IpRange;
const GLOBAL_IPV6 = parseIpRange('2000::/3') as IpRange;

/** Ranges that are not public (IANA's registries of special-purpose addresses, RFC 6890). */
const SPECIAL = ranges(
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '2001::/23', '2001:db8::/32', '3fff::/20'],
  // Public by number only: within Azure it is the host of the virtual machine.
  '168.63.129.16',
);

/** Whether an address is that of a single host on the public internet. */
export function isPublic(address: Ip): boolean {
  const ip = carriedIp(address);
  return (isWithin(ip, IPV4) || isWithin(ip, GLOBAL_IPV6)) && !SPECIAL.some((range) => isWithin(ip, range));
}

const LOOPBACK = ranges('127.0.0.0/8', '::1', '0.0.0.0/8', '::');

/** Whether an address always leads to the machine itself, as the unspecified one does, too. */
export function isLoopback(ip: Ip): boolean {
  return LOOPBACK.some((range) => isWithin(ip, range));
}

/**
 * The key by which addresses of one client are taken together: the address, or in IPv6 its /64 network, which is what one
 * customer gets. An IPv6 address that contains one of IPv4 counts as itself, since the clients of a whole internet may
 * come from such a network (RFC 7755).
 */
export function customerAt(address: Ip): string {
  const ip = carriedIp(address);
  return (isWithin(ip, IPV4) ? ip.slice(12) : ip.slice(0, 8)).join('.');
}

function parseIpv4(text: string, before: readonly number[]): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255))
    return undefined;
  return [...before, ...parts.map(Number)];
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Writes an IPv4 address as such, even if it was written as IPv6 (RFC 4291, section 2.5.5.2). */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
