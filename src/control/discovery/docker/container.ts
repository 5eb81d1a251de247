import { isIP } from 'node:net';
import { readLabels } from '../labels/limits.ts';
import type { SettingProblem } from '../labels/setting-problem.ts';
import { fieldsOf, isContainerId, listOf, portOf, textOf } from './untyped.ts';

export interface ContainerNetwork {
  readonly name: string;
  readonly id: string;
  /** The IPv4 address, else the IPv6 address; empty while the container has none there. */
  readonly address: string;
  /** The gateway of the network is not an address of this machine: the Engine is rootless, or in a virtual machine. */
  readonly isFar?: boolean;
}

/** A port of the container that the Engine's host forwards. */
export interface PublishedPort {
  readonly port: number;
  readonly hostPort: number;
  /** The address where the host listens; empty, `0.0.0.0` and `::` mean all addresses. */
  readonly ip: string;
}

/** A container as discovery sees it: an entry of the Engine's list, with defaults for what is missing. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Problems of labels that were left out of `labels`. */
  readonly refused: readonly SettingProblem[];
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  readonly state: string;
  /** The exit code of its last run, while it is `restarting`. */
  readonly exitCode?: number;
  /** The state of its HEALTHCHECK; `none` without one. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** TCP ports that it exposes, ascending. */
  readonly ports: readonly number[];
  readonly published: readonly PublishedPort[];
  /** Sorted by name. */
  readonly networks: readonly ContainerNetwork[];
  readonly isOnHostNetwork: boolean;
  /** The id of the container whose network it shares. Such a container has no networks and ports of its own. */
  readonly networkOf?: string;
  /** The list leaves out its network mode and the ports that its image exposes, as Podman's list does. */
  readonly isBrief?: boolean;
  /** When it was created, in milliseconds since the epoch. */
  readonly createdAt: number;
}

/** The longest name of a container that is kept, in characters. An Engine has no limit of its own. */
const MAX_NAME = 255;

/**
 * Reads an entry of the Engine's list. Fields that are missing or of the wrong type become empty, since one odd entry must
 * not cost the others. Undefined if the entry has no id.
 * @param isNear whether the containers behind a gateway are reached from here
 */
export function readContainer(
  entry: unknown,
  isNear: (gateway: string) => boolean = () => true,
): Container | undefined {
  const info = fieldsOf(entry);
  const id = textOf(info['Id']);
  if (!isContainerId(id)) return undefined;
  const tcp = listOf(info['Ports'])
    .map(fieldsOf)
    .filter(({ Type }) => Type === 'tcp');
  const networkMode = textOf(fieldsOf(info['HostConfig'])['NetworkMode']);
  const [, networkOf] = /^container:(.+)$/.exec(networkMode) ?? [];
  const created = info['Created'];
  const [, exitCode] = /^Restarting \((\d{1,3})\)/.exec(textOf(info['Status'])) ?? [];
  return {
    id,
    name: readName(info['Names']) || id.slice(0, 12),
    image: textOf(info['Image']),
    ...readLabels(info['Labels']),
    state: textOf(info['State']),
    ...(exitCode !== undefined && { exitCode: Number(exitCode) }),
    health: readHealth(info),
    ports: [...new Set(tcp.flatMap(({ PrivatePort }) => portOf(PrivatePort) ?? []))].sort((a, b) => a - b),
    published: tcp.flatMap(readPublished),
    networks: readNetworks(info, isNear),
    isOnHostNetwork: networkMode === 'host',
    ...(networkOf !== undefined && { networkOf }),
    ...(networkMode === '' && { isBrief: true }),
    createdAt: Number.isFinite(created) ? (created as number) * 1_000 : 0,
  };
}

/** The name of the container. Legacy links of other containers to it are listed as names, too: `/other/alias`. */
function readName(names: unknown): string {
  const own = listOf(names)
    .map(textOf)
    .find((name) => name !== '' && name.lastIndexOf('/') <= 0);
  return (own ?? '').replace(/^\//, '').slice(0, MAX_NAME);
}

function readPublished({ PrivatePort, PublicPort, IP }: Readonly<Record<string, unknown>>): PublishedPort[] {
  const [port, hostPort] = [portOf(PrivatePort), portOf(PublicPort)];
  return port === undefined || hostPort === undefined ? [] : [{ port, hostPort, ip: textOf(IP) }];
}

function readNetworks(
  info: Readonly<Record<string, unknown>>,
  isNear: (gateway: string) => boolean,
): ContainerNetwork[] {
  const networks = Object.entries(fieldsOf(fieldsOf(info['NetworkSettings'])['Networks']));
  return networks
    .map(([name, network]) => {
      const { NetworkID, IPAddress, GlobalIPv6Address, Gateway, IPv6Gateway } = fieldsOf(network);
      // Only IP addresses are accepted, since a host name would be looked up.
      const [address = ''] = [IPAddress, GlobalIPv6Address].map(textOf).filter((text) => isIP(text) !== 0);
      const gateway = textOf(Gateway) || textOf(IPv6Gateway);
      const isFar = gateway !== '' && !isNear(gateway);
      return { name, id: textOf(NetworkID), address, ...(isFar && { isFar }) };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Reads the health from its own field, which only newer Engines have, else from the text about the status. */
function readHealth(info: Readonly<Record<string, unknown>>): Container['health'] {
  const listed = textOf(fieldsOf(info['Health'])['Status']);
  const status = listed || /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(textOf(info['Status']))?.[1];
  return parseHealth(status ?? '') ?? 'none';
}

/** Checks an Engine's word for a container's health; undefined for unknown words. */
export function parseHealth(text: string): Exclude<Container['health'], 'none'> | undefined {
  return text === 'starting' || text === 'healthy' || text === 'unhealthy' ? text : undefined;
}

/** Whether the container is one of `docker compose run`: such containers have a service's labels but do other work. */
export function isOneOff(container: Container): boolean {
  return container.labels['com.docker.compose.oneoff']?.toLowerCase() === 'true';
}
