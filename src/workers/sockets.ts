import { lookup } from 'node:dns/promises';
import net, { type AddressInfo, type BoundSocket } from 'node:net';
import { isWithoutIpv6, ListenError } from '../model/address.ts';
import { boundTo, type Listener } from '../model/listener.ts';

/**
 * Sockets for each address, or more for more workers: the runtime accepts one connection of each in a turn of its
 * loop, and under load a turn takes milliseconds (docs/decisions/0011).
 */
const SOCKETS = 16;

/** Sockets that are bound to the address of a listener, for workers to take connections from. */
export interface BoundListener {
  /** With the port that was given, when 0 was asked for. */
  readonly listener: Listener;
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
 * Binds all listeners for so many workers, or none: rejects with a sentence for people that names the one that could not
 * be bound.
 */
export async function bindAll(
  listeners: readonly Listener[],
  places: number,
  sharesOut = canShareOut(),
): Promise<BoundListener[]> {
  const bound: BoundListener[] = [];
  try {
    for (const listener of listeners) bound.push(await bindListener(listener, places, sharesOut));
  } catch (error) {
    for (const one of bound) one.close();
    throw error;
  }
  return bound;
}

/**
 * Binds the address of a listener for so many workers. The supervisor keeps the sockets, and so the connections that wait
 * in them, when a worker goes. Where the platform shares connections out between sockets of one address
 * (SO_REUSEPORT), each place has its own; elsewhere all have the same. Rejects with a sentence for people.
 * @param sharesOut whether it does
 */
export async function bindListener(
  listener: Listener,
  places: number,
  sharesOut = canShareOut(),
): Promise<BoundListener> {
  if (!canBind()) throw new Error(`more than one worker needs a newer Node.js than ${process.version}`);
  const { address } = listener;
  try {
    return bind(listener, await numericHost(address.host), places, sharesOut);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isWithoutIpv6(address, code)) return bind(listener, '0.0.0.0', places, sharesOut);
    throw new ListenError(listener, error);
  }
}

/** Listeners whose addresses nobody else can take meanwhile, though nobody can connect to them either. */
export interface Reserved {
  /** With the ports that were given, when 0 was asked for. */
  readonly listeners: readonly Listener[];
  /** Lets go of them: they may be listened on. */
  release(): void;
}

/** Reserves addresses, where the runtime can bind what it does not listen on. Rejects like `bindAll`. */
export async function reserveAll(listeners: readonly Listener[]): Promise<Reserved> {
  if (!canBind()) return { listeners, release: () => {} };
  const bound = await bindAll(listeners, 1, false);
  return {
    listeners: bound.map(({ listener }) => listener),
    release: () => {
      for (const one of bound) one.close();
    },
  };
}

function bind(listener: Listener, host: string, count: number, sharesOut: boolean): BoundListener {
  const { address } = listener;
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
    listener: boundTo(listener, { host: address.host, port }),
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
