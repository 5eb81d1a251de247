import { lookup } from 'node:dns/promises';
import net, { type AddressInfo, type BoundSocket } from 'node:net';
import { type Address, isWithoutIpv6, ListenError } from '../model/address.ts';

/**
 * Sockets for each address, or more for more workers: the runtime accepts one connection of each in a turn of its
 * loop, and under load a turn takes milliseconds (docs/decisions/0011).
 */
const SOCKETS = 16;

/** Sockets that are bound to one address, for workers to take connections from. */
export interface BoundAddress {
  /** With the port that was given, when 0 was asked for. */
  readonly address: Address;
  /** Those of each place, or one for all places. */
  readonly places: readonly (readonly BoundSocket[])[];
  /** Takes no more connections, once whoever inherited them has closed theirs. */
  close(): void;
}

/** Whether this version of the runtime can bind sockets for others: early ones of 24 cannot. */
export function canBind(): boolean {
  return net.BoundSocket !== undefined;
}

/**
 * Binds an address for so many workers. The supervisor keeps the sockets, and so the connections that wait
 * in them, when a worker goes. Where the platform shares connections out between sockets of one address
 * (SO_REUSEPORT), each place has its own; elsewhere all have the same. Rejects with a sentence for people.
 * @param sharesOut whether it does
 */
export async function bindAddress(
  address: Address,
  places: number,
  sharesOut = canShareOut(),
): Promise<BoundAddress> {
  if (!canBind()) throw new Error(`more than one worker needs a newer Node.js than ${process.version}`);
  try {
    return bind(address, await numericHost(address.host), places, sharesOut);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isWithoutIpv6(address, code)) return bind(address, '0.0.0.0', places, sharesOut);
    throw new ListenError(address, error);
  }
}

/** An address that nobody else can take meanwhile, though nobody is connected to it either. */
export interface ReservedAddress {
  /** With the port that was given, when 0 was asked for. */
  readonly address: Address;
  /** Lets go of it: it may be listened on. */
  release(): void;
}

/** Reserves an address, where the runtime can bind what it does not listen on. Rejects with a sentence for people. */
export async function reserveAddress(address: Address): Promise<ReservedAddress> {
  if (!canBind()) return { address, release: () => {} };
  const bound = await bindAddress(address, 1, false);
  return { address: bound.address, release: () => bound.close() };
}

function bind(address: Address, host: string, count: number, sharesOut: boolean): BoundAddress {
  // Called by its module: versions that do not have it could not even load a file that names it.
  const plain = new net.BoundSocket({ host, port: address.port });
  const { port } = plain.address() as AddressInfo;
  let places = [[plain]];
  if (sharesOut) {
    // The plain one has said that the address is free; those that share an address share it with strangers, too.
    plain.close();
    const bindOne = () => new net.BoundSocket({ host, port, reusePort: true });
    const each = Math.ceil(SOCKETS / count);
    places = Array.from({ length: count }, () => Array.from({ length: each }, bindOne));
  }
  return {
    address: { host: address.host, port },
    places,
    close: () => {
      for (const socket of places.flat()) socket.close();
    },
  };
}

/** Whether the platform shares connections out between sockets of one address: the runtime refuses it elsewhere. */
export function canShareOut(): boolean {
  try {
    new net.BoundSocket({ host: '127.0.0.1', reusePort: true }).close();
    return true;
  } catch {
    return false;
  }
}

async function numericHost(host: string): Promise<string> {
  return net.isIP(host) === 0 ? (await lookup(host)).address : host;
}
