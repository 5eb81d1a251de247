import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** `nginx (pid 12)`: who listens on a TCP port of this machine, as far as Linux tells us. */
export function portHolder(port: number): string | undefined {
  try {
    const inodes = listeningInodes(port);
    if (inodes.size === 0) return undefined;
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const pid = pids.find((one) => descriptorsOf(one).some((target) => inodes.has(target)));
    return pid && `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
  } catch {
    return undefined;
  }
}

/** As the links of a process' descriptors name them: `socket:[INODE]`. */
function listeningInodes(port: number): Set<string> {
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of textOf(`/proc/net/${table}`).split('\n')) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      const isListening = state === '0A';
      if (isListening && Number.parseInt(local.split(':')[1] ?? '', 16) === port)
        inodes.add(`socket:[${inode}]`);
    }
  }
  return inodes;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Where the descriptors of a process lead; none of another user's, which only root may see. */
function descriptorsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}
