import { readFileSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import type { Clock } from '../../../model/clock.ts';

/** Ids that the container of this process may have, or beginnings of them; empty outside of containers. */
export function ownContainerIds(): string[] {
  const ids = new Set(idsOfMounts(readText('/proc/self/mountinfo')));
  // By default the hostname of a container is its short id.
  if (/^[0-9a-f]{12}$/.test(hostname())) ids.add(hostname());
  return [...ids];
}

/**
 * Finds the container's id in its mounts: Docker and Podman mount its hostname and resolv.conf from a folder that is named
 * by the id. The host has mounts from such folders, too, but not at these paths.
 * @param mounts the text of a mountinfo file: proc_pid_mountinfo(5)
 */
export function idsOfMounts(mounts: string): string[] {
  const own = /containers\/([0-9a-f]{64})\/\S* \/etc\/(?:hostname|hosts|resolv\.conf) /g;
  return [...mounts.matchAll(own)].map(([, id]) => id as string);
}

/** Whether the host of an endpoint is this machine. */
export function isThisMachine(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  );
}

/** How often the addresses of this machine are read at most, in milliseconds. */
const READ_AGAIN_MS = 1_000;

/**
 * Makes a function that tells whether the containers behind a gateway are reached from here: the gateway of a bridge is an
 * address of the machine that has the bridge. A rootless Engine (Docker, Podman) has its bridges in a network of its own, and
 * Docker Desktop in a virtual machine; they may use addresses that this machine has, too.
 * @param socket the path of the Engine's socket, if it has one; its owner is the user who runs the Engine
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

/** Whether root owns a file; true if that cannot be found out. */
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
