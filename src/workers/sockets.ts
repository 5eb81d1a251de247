import { lookup } from 'node:dns/promises';
import net, { type AddressInfo } from 'node:net';
import { type Address, isWithoutIpv6, whyNotListening } from '../model/address.ts';

/** Sockets that are bound to one address, for workers to take connections from. */
export interface BoundAddress {
  /** With the port that was given, when 0 was asked for. */
  readonly address: Address;
  /** A descriptor for each place, or one for all. */
  readonly fds: readonly number[];
  /** Takes no more connections, once the workers have closed theirs. */
  close(): void;
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
  // Called by its module: early versions of 24 do not have it, and could not even load a file that names it.
  if (net.BoundSocket === undefined)
    throw new Error(`more than one worker needs a newer Node.js than ${process.version}`);
  try {
    return bind(address, await numericHost(address.host), sharesOut ? places : 1);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isWithoutIpv6(address, code)) return bind(address, '0.0.0.0', sharesOut ? places : 1);
    throw new Error(whyNotListening(address, code), { cause: error });
  }
}

function bind(address: Address, host: string, count: number): BoundAddress {
  const plain = new net.BoundSocket({ host, port: address.port });
  const { port } = plain.address() as AddressInfo;
  let sockets = [plain];
  if (count > 1) {
    // The plain one has said that the address is free; those that share an address share it with strangers, too.
    plain.close();
    sockets = Array.from({ length: count }, () => new net.BoundSocket({ host, port, reusePort: true }));
  }
  return {
    address: { host: address.host, port },
    fds: sockets.map((socket) => socket.fd()),
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}

/** Whether the platform shares connections out between sockets of one address: the runtime refuses it elsewhere. */
function canShareOut(): boolean {
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
