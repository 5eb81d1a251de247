import { lookup } from 'node:dns/promises';
import net, { type AddressInfo, type BoundSocket } from 'node:net';
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
 */
export async function bindAddress(address: Address, places: number): Promise<BoundAddress> {
  // Called by its module: early versions of 24 do not have it, and could not even load a file that names it.
  if (net.BoundSocket === undefined)
    throw new Error(`more than one worker needs a newer Node.js than ${process.version}`);
  try {
    return bind(address, await numericHost(address.host), places);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isWithoutIpv6(address, code)) return bind(address, '0.0.0.0', places);
    throw new Error(whyNotListening(address, code), { cause: error });
  }
}

function bind(address: Address, host: string, places: number): BoundAddress {
  // Sockets that share an address bind to one that another program shares, too; a plain one says that it is taken.
  const probe = new net.BoundSocket({ host, port: address.port });
  const { port } = probe.address() as AddressInfo;
  const own = bindOwn(host, port, places, () => probe.close());
  const sockets = own ?? [probe];
  return {
    address: { host: address.host, port },
    fds: sockets.map((socket) => socket.fd()),
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}

/** A socket for each place; undefined where the platform does not share connections out between them. */
function bindOwn(host: string, port: number, places: number, release: () => void): BoundSocket[] | undefined {
  try {
    new net.BoundSocket({ host, port: 0, reusePort: true }).close();
  } catch {
    return undefined;
  }
  release();
  return Array.from({ length: places }, () => new net.BoundSocket({ host, port, reusePort: true }));
}

async function numericHost(host: string): Promise<string> {
  return net.isIP(host) === 0 ? (await lookup(host)).address : host;
}
