import { linkOr, listOr, readOr } from './tried.ts';

const LISTEN = '0A';

/** A process that listens. */
export interface Holder {
  readonly name: string;
  readonly pid: string;
}

/**
 * Who listens on these TCP ports of this machine, as far as Linux tells us: nothing of a port that nobody has, undefined of
 * one whose process may not be looked at.
 */
export function holdersOf(ports: readonly number[]): ReadonlyMap<number, Holder | undefined> {
  const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => parseListening(readOr(path)));
  const wanted = listening.filter(({ port }) => ports.includes(port));
  const owners = wanted.length === 0 ? new Map() : processesOf(wanted.map(({ inode }) => inode));
  const found = new Map<number, Holder | undefined>();
  for (const { port, inode } of wanted) found.set(port, found.get(port) ?? owners.get(inode));
  return found;
}

/** `nginx (pid 12)`: who listens on a port, where that is known. */
export function portHolder(port: number): string | undefined {
  const holder = holdersOf([port]).get(port);
  return holder && `${holder.name} (pid ${holder.pid})`;
}

/** Who listens, of a table such as `/proc/net/tcp`. */
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

/** The first process that has each of these sockets open; none of another user's, which only root may see. */
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
