import { lookup } from 'node:dns/promises';
import net, { type AddressInfo, type BoundSocket } from 'node:net';
import { isWithoutIpv6, ListenError } from '../model/address.ts';
import { boundTo, type Listener } from '../model/listener.ts';

/**
 * Sockets for each address, shared out among the workers, each of which has at least one. The runtime accepts one
 * connection of each socket in a turn of its loop, and under load a turn takes milliseconds (docs/decisions/0011).
 */
const SOCKETS = 16;

/** Sockets that are bound to the address of a listener, for workers to take connections from. */
export interface BoundListener {
  /** The listener with the port that the kernel chose, when 0 was asked for. */
  readonly listener: Listener;
  /** The sockets of each slot; a single entry where all slots share one socket. */
  readonly slots: readonly (readonly BoundSocket[])[];
  /** Takes no more connections, once whoever inherited them has closed theirs. */
  close(): void;
}

/** Whether this Node.js can bind sockets without listening on them: early versions of 24 cannot. */
export function canBind(): boolean {
  return net.BoundSocket !== undefined;
}

/**
 * Binds all listeners for this number of slots, or none. Rejects with a sentence for people that names the listener that
 * could not be bound.
 */
export async function bindAll(
  listeners: readonly Listener[],
  slots: number,
  sharesOut = canShareOut(),
): Promise<BoundListener[]> {
  const bound: BoundListener[] = [];
  try {
    for (const listener of listeners) bound.push(await bindListener(listener, slots, sharesOut));
  } catch (error) {
    for (const one of bound) one.close();
    throw error;
  }
  return bound;
}

/**
 * Binds the address of a listener for this number of slots. The supervisor keeps the sockets, and so the connections that
 * wait in them, when a worker goes. Rejects with a sentence for people.
 * @param sharesOut whether the platform shares connections out between sockets of one address (SO_REUSEPORT): then each
 *   slot has its own, else all slots have the same
 */
export async function bindListener(
  listener: Listener,
  slots: number,
  sharesOut = canShareOut(),
): Promise<BoundListener> {
  if (!canBind()) throw new Error(`more than one worker needs a newer Node.js than ${process.version}`);
  const { address } = listener;
  try {
    return bind(listener, await numericHost(address.host), slots, sharesOut);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isWithoutIpv6(address, code)) return bind(listener, '0.0.0.0', slots, sharesOut);
    throw new ListenError(listener, error);
  }
}

/** Listeners whose addresses no other program can take, though nobody can connect to them yet either. */
export interface Reserved {
  /** The listeners with the ports that the kernel chose, where 0 was asked for. */
  readonly listeners: readonly Listener[];
  /** Closes the sockets, so that the addresses can be listened on. */
  release(): void;
}

/** Reserves the addresses of listeners, where the runtime can bind without listening. Rejects like `bindAll`. */
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
  // Named by its module: a Node.js without `BoundSocket` could not load a file that imports it by name.
  const plain = new net.BoundSocket({ host, port: address.port });
  const { port } = plain.address() as AddressInfo;
  let slots = [[plain]];
  if (sharesOut) {
    // Only the plain socket shows whether the address is free: with SO_REUSEPORT it could be shared with a stranger.
    plain.close();
    const bindOne = () => new net.BoundSocket({ host, port, reusePort: true });
    const each = Math.ceil(SOCKETS / count);
    slots = Array.from({ length: count }, () => Array.from({ length: each }, bindOne));
  }
  return {
    listener: boundTo(listener, { host: address.host, port }),
    slots,
    close: () => {
      for (const socket of slots.flat()) socket.close();
    },
  };
}

/** Whether the platform shares connections out between sockets of one address; elsewhere the runtime refuses `reusePort`. */
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
