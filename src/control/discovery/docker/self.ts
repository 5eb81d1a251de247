import { readFileSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import type { Clock } from '../../../model/clock.ts';

/** Ids, or their beginnings, that the container of this process may have; empty outside of containers. */
export function ownContainerIds(): string[] {
  const ids = new Set(idsOfMounts(readText('/proc/self/mountinfo')));
  // The default hostname is the short id.
  if (/^[0-9a-f]{12}$/.test(hostname())) ids.add(hostname());
  return [...ids];
}

/**
 * Docker and Podman mount a container's hostname and resolv.conf from a folder with its id. On the host there are mounts
 * from such folders as well, of all containers, but not in these places.
 * @param mounts as in proc_pid_mountinfo(5)
 */
export function idsOfMounts(mounts: string): string[] {
  const own = /containers\/([0-9a-f]{64})\/\S* \/etc\/(?:hostname|hosts|resolv\.conf) /g;
  return [...mounts.matchAll(own)].map(([, id]) => id as string);
}

/** Whether a host of an endpoint is this machine. */
export function isThisMachine(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  );
}

/** The addresses of this machine are not read more often than that, in milliseconds. */
const READ_AGAIN_MS = 1_000;

/**
 * Tells whether the containers behind a gateway are reached from here. The gateway of a bridge is an address of the
 * machine that the bridge is on. Without root an Engine has its bridges in a network of its own (Docker rootless, Podman),
 * or in a virtual machine (Docker Desktop), with the same addresses as others have here.
 * @param socket path of the Engine's socket, if it has one; it is owned by who runs the Engine
 */
export function nearness(socket: string | undefined, clock: Clock): (gateway: string) => boolean {
  let own: ReadonlySet<string> = new Set();
  let readAt = Number.NEGATIVE_INFINITY;
  return (gateway) => {
    if (own.has(gateway)) return true;
    if (clock.elapsed() - readAt < READ_AGAIN_MS) return false;
    readAt = clock.elapsed();
    own = socket !== undefined && !isOfRoot(socket) ? new Set() : ownAddresses();
    return own.has(gateway);
  };
}

function ownAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []),
  );
}

/** Also when it is not there, or not seen: then nothing is known of it. */
function isOfRoot(path: string): boolean {
  try {
    return statSync(path).uid === 0;
  } catch {
    return true;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
