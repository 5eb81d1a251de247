import { type Address, formatAddress, isEverywhere } from '../model/address.ts';
import { type Listener, plainListeners } from '../model/listener.ts';
import { parseAddress, parseList, ValueError } from '../model/parse-values.ts';

/** Addresses of one option: each has sockets of its own in every worker. */
const MAX_ADDRESSES = 16;

/** Addresses to listen on, with commas. Throws a `ValueError`, also for two that cannot be listened on together. */
export function parseListenAddresses(text: string): Address[] {
  const addresses = parseList(text, MAX_ADDRESSES).map(parseAddress);
  // What it wants is said of the text as it is.
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

/** Where clients connect, by the options. */
export function listenersOf({ http }: { readonly http: readonly Address[] }): Listener[] {
  return plainListeners('http', http);
}
