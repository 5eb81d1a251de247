import { type Address, isEverywhere } from '../model/address.ts';

/** Where what listens on an address of this machine is reached from here: at home, if it listens everywhere. */
export function reachable({ host, port }: Address): Address {
  return { host: isEverywhere(host) ? '127.0.0.1' : host, port };
}
