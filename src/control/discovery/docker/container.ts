import { isIP } from 'node:net';
import { readLabels } from '../labels/limits.ts';
import type { SettingProblem } from '../labels/problem.ts';
import { fieldsOf, isContainerId, listOf, portOf, textOf } from './untyped.ts';

export interface ContainerNetwork {
  readonly name: string;
  readonly id: string;
  /** IPv4, else IPv6; empty while the container has none there. */
  readonly address: string;
  /** Its gateway is no address of this machine: the Engine runs without root, or in a machine of its own. */
  readonly isFar?: boolean;
}

/** A port of the container that the Engine's host forwards. */
export interface PublishedPort {
  readonly port: number;
  readonly hostPort: number;
  /** Where the host listens; empty, `0.0.0.0` or `::` is everywhere. */
  readonly ip: string;
}

/** A container as discovery sees it: what the Engine lists, without its gaps. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What is wrong with labels that are not among them. */
  readonly refused: readonly SettingProblem[];
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  readonly state: string;
  /** How it ended, while it is `restarting`. */
  readonly exitCode?: number;
  /** Of its HEALTHCHECK; `none` without one. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** TCP ports that it exposes, ascending. */
  readonly ports: readonly number[];
  readonly published: readonly PublishedPort[];
  /** By name, ascending. */
  readonly networks: readonly ContainerNetwork[];
  readonly isOnHostNetwork: boolean;
  /** Id of the container whose network it shares; it has no networks and ports of its own then. */
  readonly networkOf?: string;
  /** The list says neither its network mode nor what its image exposes, as Podman's does not. */
  readonly isBrief?: boolean;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Longest name of a container; an Engine has no limit of its own. */
const MAX_NAME = 255;

/**
 * An entry of the Engine's list. Whatever is missing in it or of the wrong kind becomes empty: one odd entry must not cost
 * the others. Undefined without an id.
 * @param isNear whether the containers behind that gateway are reached from here
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

/** Other containers' legacy links to this one are listed as names, too: `/other/alias`. */
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
      // A name in the place of an address would be looked up.
      const [address = ''] = [IPAddress, GlobalIPv6Address].map(textOf).filter((text) => isIP(text) !== 0);
      const gateway = textOf(Gateway) || textOf(IPv6Gateway);
      const isFar = gateway !== '' && !isNear(gateway);
      return { name, id: textOf(NetworkID), address, ...(isFar && { isFar }) };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Newer Engines list the state; all of them write it into the sentence about the container's status. */
function readHealth(info: Readonly<Record<string, unknown>>): Container['health'] {
  const listed = textOf(fieldsOf(info['Health'])['Status']);
  const status = listed || /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(textOf(info['Status']))?.[1];
  return parseHealth(status ?? '') ?? 'none';
}

/** The word of an Engine for a container's health; undefined for any other. */
export function parseHealth(text: string): Exclude<Container['health'], 'none'> | undefined {
  return text === 'starting' || text === 'healthy' || text === 'unhealthy' ? text : undefined;
}

/** Containers of `docker compose run` have a service's labels but do other work. */
export function isOneOff(container: Container): boolean {
  return container.labels['com.docker.compose.oneoff']?.toLowerCase() === 'true';
}
