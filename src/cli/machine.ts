import Docker from 'dockerode';
import { foreignLabel } from '../control/discovery/labels/foreign.ts';
import { holdersOf } from './listening.ts';
import { readOr, statOf } from './tried.ts';

/** An Engine at a socket of this machine, whether or not it answers. */
export interface FoundEngine {
  readonly socket: string;
  /** Its name and version, such as `Docker 20.10.24`; undefined if it does not answer. */
  readonly version?: string;
  readonly error?: string;
  readonly isRootless: boolean;
  readonly gid: number;
  /** The group that may open the socket: its name, or its number if it has none. */
  readonly group: string;
  readonly containers: readonly FoundContainer[];
  /** The networks that people or Compose made, where containers may be. */
  readonly networks: readonly string[];
}

export interface FoundContainer {
  readonly name: string;
  readonly image: string;
  /** Ports of this machine that lead to the container. */
  readonly ports: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What of this machine matters to Fairlead. */
export interface Machine {
  /** The Engines; one that answers comes first. */
  readonly engines: readonly FoundEngine[];
  /** The processes that listen on ports that matter; a name may be unknown. */
  readonly taken: ReadonlyMap<number, string>;
}

/** Ports that Fairlead might be wanted on. */
export const PORTS = [80, 443, 8080, 8081, 8082, 8443, 8444, 8445, 9900, 9901, 9902];
/** How long an Engine may take to answer, in milliseconds. */
const ENGINE_MS = 3_000;

/** Looks at this machine; what cannot be read counts as missing. */
export async function lookAround(env: Readonly<Record<string, string | undefined>>): Promise<Machine> {
  const sockets = socketsOf(env).filter((path) => statOf(path)?.isSocket());
  const engines = await Promise.all(sockets.map(lookAtEngine));
  engines.sort((a, b) => Number(b.version !== undefined) - Number(a.version !== undefined));
  return { engines, taken: takenPorts(engines) };
}

/** The sockets where Engines may listen: the one that Docker's client would use, then Docker, rootless Docker and Podman. */
export function socketsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  const host = env['DOCKER_HOST'] ?? '';
  const runtime = env['XDG_RUNTIME_DIR'];
  const all = [
    ...(host.startsWith('unix://') ? [host.slice('unix://'.length)] : []),
    '/var/run/docker.sock',
    ...(runtime ? [`${runtime}/docker.sock`] : []),
    '/run/podman/podman.sock',
    ...(runtime ? [`${runtime}/podman/podman.sock`] : []),
  ];
  return [...new Set(all)];
}

async function lookAtEngine(socket: string): Promise<FoundEngine> {
  const gid = statOf(socket)?.gid ?? 0;
  const base = { socket, gid, group: groupName(readOr('/etc/group'), gid) };
  const nothing = { isRootless: false, containers: [], networks: [] };
  const docker = new Docker({ socketPath: socket, timeout: ENGINE_MS });
  try {
    const version = await docker.version();
    const [info, containers, networks] = await Promise.all([
      docker.info(),
      docker.listContainers(),
      docker.listNetworks(),
    ]);
    const isPodman = JSON.stringify(version.Components ?? '').includes('Podman');
    return {
      ...base,
      version: `${isPodman ? 'Podman' : 'Docker'} ${version.Version}`,
      isRootless: ((info.SecurityOptions ?? []) as string[]).some((one) => one.includes('rootless')),
      containers: containers.map((one) => ({
        name: (one.Names[0] ?? '').replace(/^\//, ''),
        image: one.Image,
        ports: [...new Set(one.Ports.flatMap(({ PublicPort }) => PublicPort ?? []))],
        labels: one.Labels ?? {},
      })),
      networks: usedNetworks(networks, containers),
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EACCES' ? `no permission: be in the group ${base.group}` : message;
    return { ...base, ...nothing, error: reason };
  }
}

/** Networks with containers that Fairlead can join, without those that every Engine has. */
function usedNetworks(
  networks: readonly Docker.NetworkInspectInfo[],
  containers: readonly Docker.ContainerInfo[],
): string[] {
  const used = new Set(containers.flatMap((one) => Object.keys(one.NetworkSettings?.Networks ?? {})));
  return networks
    .filter(
      ({ Name, Driver }) => used.has(Name) && Driver === 'bridge' && Name !== 'bridge' && Name !== 'podman',
    )
    .map(({ Name }) => Name)
    .sort();
}

const PROXIES =
  /(?:^|\/)(traefik|nginx-proxy|jwilder\/nginx-proxy|caddy|caddy-docker-proxy|haproxy|envoy|npm|nginx-proxy-manager)(?:[:@-]|$)/;

/** Describes other proxies that run, and containers with labels for one. */
export function otherProxies(containers: readonly FoundContainer[]): string[] {
  const running = containers.flatMap(({ name, image }) =>
    PROXIES.test(image) ? [`container ${name} runs ${image}`] : [],
  );
  const labelled = new Map<string, number>();
  for (const { labels } of containers) {
    const proxy = foreignLabel(labels)?.proxy;
    if (proxy !== undefined) labelled.set(proxy, (labelled.get(proxy) ?? 0) + 1);
  }
  const counts = [...labelled].map(
    ([proxy, count]) => `${count} containers have labels for ${proxy}, which Fairlead does not read`,
  );
  return [...running, ...counts];
}

function takenPorts(engines: readonly FoundEngine[]): ReadonlyMap<number, string> {
  const taken = new Map<number, string>();
  for (const [port, holder] of holdersOf(PORTS))
    taken.set(port, holder === undefined ? 'a process' : `${holder.name} (${holder.pid})`);
  for (const { containers } of engines)
    for (const { name, ports } of containers)
      for (const port of ports) if (PORTS.includes(port)) taken.set(port, `container ${name}`);
  return taken;
}

/** The name of a group in a file such as `/etc/group`. */
export function groupName(groups: string, gid: number): string {
  const line = groups.split('\n').find((one) => one.split(':')[2] === String(gid));
  return line?.split(':')[0] || String(gid);
}
