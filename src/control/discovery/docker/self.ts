import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';

/** Ids, or their beginnings, that the container of this process may have; empty outside of containers. */
export function ownContainerIds(): string[] {
  const ids = new Set<string>();
  // Docker mounts a container's hostname and resolv.conf from a folder with its id.
  for (const [, id] of readText('/proc/self/mountinfo').matchAll(/\/containers\/([0-9a-f]{64})\//g))
    ids.add(id as string);
  // The default hostname is the short id.
  if (/^[0-9a-f]{12}$/.test(hostname())) ids.add(hostname());
  return [...ids];
}

/** Whether a host of an endpoint is this machine. */
export function isThisMachine(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
