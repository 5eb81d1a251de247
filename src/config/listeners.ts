import { type Address, formatAddress, isEverywhere } from '../model/address.ts';
import { type Listener, listenersAt } from '../model/listener.ts';
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

/** Tells of two options which address of the second cannot be listened on, because the first has it; undefined if all can. */
export function takenTwice(first: readonly Address[], second: readonly Address[]): string | undefined {
  for (const one of second) {
    const taken = first.find((other) => overlap(one, other));
    if (taken !== undefined) return `has ${formatAddress(one)}, which ${formatAddress(taken)} takes already`;
  }
  return undefined;
}

/** The options that say where clients connect. */
export interface ListenOptions {
  readonly http: readonly Address[];
  /** With TLS. */
  readonly https: readonly Address[] | false;
}

/** The listeners that the options ask for: those with TLS come last. */
export function listenersOf({ http, https }: ListenOptions): Listener[] {
  return [...listenersAt('http', http, false), ...listenersAt('https', https || [], true)];
}
