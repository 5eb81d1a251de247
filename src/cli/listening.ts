import { linkOr, listOr, readOr } from './tried.ts';

const LISTEN = '0A';

/** A process that listens. */
export interface Holder {
  readonly name: string;
  readonly pid: string;
}

/**
 * Finds which processes listen on TCP ports of this machine, as far as Linux tells. A free port is not in the map; a port
 * whose process must not be looked at has undefined.
 */
export function holdersOf(ports: readonly number[]): ReadonlyMap<number, Holder | undefined> {
  const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => parseListening(readOr(path)));
  const wanted = listening.filter(({ port }) => ports.includes(port));
  const owners = wanted.length === 0 ? new Map() : processesOf(wanted.map(({ inode }) => inode));
  const found = new Map<number, Holder | undefined>();
  for (const { port, inode } of wanted) found.set(port, found.get(port) ?? owners.get(inode));
  return found;
}

/** Names the process that listens on a port, such as `nginx (pid 12)`; undefined if it is not known. */
export function portHolder(port: number): string | undefined {
  const holder = holdersOf([port]).get(port);
  return holder && `${holder.name} (pid ${holder.pid})`;
}

/** Finds listening sockets in a table such as `/proc/net/tcp`. */
export function parseListening(table: string): { readonly port: number; readonly inode: string }[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
      return fields[3] === LISTEN && !Number.isNaN(port) ? [{ port, inode: fields[9] ?? '' }] : [];
    });
}

/** The first process that has each of these sockets open. Processes of other users are seen by root only. */
function processesOf(inodes: readonly string[]): Map<string, Holder> {
  const found = new Map<string, Holder>();
  const wanted = new Map(inodes.map((inode) => [`socket:[${inode}]`, inode]));
  for (const pid of listOr('/proc').filter((name) => /^\d+$/.test(name)))
    for (const descriptor of listOr(`/proc/${pid}/fd`)) {
      const inode = wanted.get(linkOr(`/proc/${pid}/fd/${descriptor}`));
      if (inode === undefined || found.has(inode)) continue;
      const name = readOr(`/proc/${pid}/comm`).trim();
      if (name !== '') found.set(inode, { name, pid });
    }
  return found;
}
