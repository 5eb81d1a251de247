import { BlockList, isIPv6 } from 'node:net';

const family = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** Makes the test whether an address is believed when it tells about clients: whether it is in one of these CIDR ranges. */
export function trustIn(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false;
  const trusted = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    trusted.addSubnet(address, Number(prefix), family(address));
  }
  return (address) => trusted.check(address, family(address));
}
