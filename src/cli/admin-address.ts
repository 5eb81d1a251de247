import { type Address, isEverywhere } from '../model/address.ts';

/** The address at which a listener of this machine is reached from here: on loopback if it listens everywhere. */
export function reachable({ host, port }: Address): Address {
  return { host: isEverywhere(host) ? '127.0.0.1' : host, port };
}
