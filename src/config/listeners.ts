import { type Address, formatAddress, isEverywhere } from '../model/address.ts';
import { type Listener, plainListeners } from '../model/listener.ts';
import { parseAddress, parseList, ValueError } from '../model/parse-values.ts';

/** The most addresses of one option. Each address has sockets of its own in every worker. */
const MAX_ADDRESSES = 16;

/** Parses addresses to listen on, separated by commas. Throws a `ValueError`, also if two of them overlap. */
export function parseListenAddresses(text: string): Address[] {
  const addresses = parseList(text, MAX_ADDRESSES).map(parseAddress);
  // An empty list gets the error of a single address.
  if (addresses.length === 0) parseAddress(text);
  for (const [i, one] of addresses.entries())
    for (const other of addresses.slice(i + 1))
      if (overlap(one, other))
        throw new ValueError(`has ${formatAddress(other)}, which ${formatAddress(one)} takes already`);
  return addresses;
}

function overlap(one: Address, other: Address): boolean {
  if (one.port === 0 || one.port !== other.port) return false;
  return one.host === other.host || isEverywhere(one.host) || isEverywhere(other.host);
}

/** The listeners that the options ask for. */
export function listenersOf({ http }: { readonly http: readonly Address[] }): Listener[] {
  return plainListeners('http', http);
}
