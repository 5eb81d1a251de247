import { ListenError } from '../model/address.ts';
import { optionOf } from '../model/listener.ts';
import { portHolder } from './listening.ts';

/** Explains in lines for people why Fairlead did not start, and what helps. */
export function explainStart(error: unknown): string[] {
  const line = `error: ${(error as Error).message}`;
  if (!(error instanceof ListenError)) return [line];
  const { code, address, listener } = error;
  const option = optionOf({ name: listener });
  if (code === 'EADDRINUSE')
    return [`${line}: ${whoHolds(address.port)} (--${option} ADDRESS takes another)`];
  if (code !== 'EACCES') return [line];
  return [
    line,
    '  Any of these gives the right to it:',
    `  - in a unit of systemd:  AmbientCapabilities=CAP_NET_BIND_SERVICE`,
    `  - for this machine:      sysctl -w net.ipv4.ip_unprivileged_port_start=${address.port}`,
    `  - for this program:      setcap cap_net_bind_service=+ep ${process.execPath}`,
    `  or take a port from 1024 on: --${option} :8080`,
  ];
}

function whoHolds(port: number): string {
  const holder = portHolder(port);
  if (holder === undefined) return `ss -ltnp 'sport = :${port}' (as root) names it`;
  // This program of Docker listens for containers that publish a port.
  const isDocker = holder.startsWith('docker-proxy');
  return isDocker ? `${holder}, for a container: docker ps --filter publish=${port}` : holder;
}
