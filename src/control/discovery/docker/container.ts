import type { ContainerInfo } from 'dockerode';
import type { SettingProblem } from '../labels/key.ts';
import { readLabels } from '../labels/limits.ts';

export interface ContainerNetwork {
  readonly name: string;
  readonly id: string;
  /** IPv4, else IPv6; empty while the container has none there. */
  readonly address: string;
}

/** A port of the container that the Engine's host forwards. */
export interface PublishedPort {
  readonly port: number;
  readonly hostPort: number;
  /** Only the host itself reaches it. */
  readonly isLoopback: boolean;
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
  /** Of its HEALTHCHECK; `none` without one. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** TCP ports that it exposes, ascending. */
  readonly ports: readonly number[];
  readonly published: readonly PublishedPort[];
  /** By name, ascending. */
  readonly networks: readonly ContainerNetwork[];
  readonly isOnHostNetwork: boolean;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Longest name of a container; an Engine has no limit of its own. */
const MAX_NAME = 255;

/** An entry of the Engine's list. Whatever is missing in it becomes empty: one odd entry must not cost the others. */
export function readContainer(info: ContainerInfo): Container {
  const networks = Object.entries(info.NetworkSettings?.Networks ?? {}).map(([name, network]) => ({
    name,
    id: network?.NetworkID ?? '',
    address: network?.IPAddress || network?.GlobalIPv6Address || '',
  }));
  const tcp = (info.Ports ?? []).filter((port) => port?.Type === 'tcp' && port.PrivatePort > 0);
  const id = info.Id ?? '';
  // Other containers' legacy links to this one are listed as names, too: `/other/alias`.
  const name = info.Names?.find((candidate) => candidate.lastIndexOf('/') <= 0) ?? id.slice(0, 12);
  return {
    id,
    name: name.replace(/^\//, '').slice(0, MAX_NAME),
    image: info.Image ?? '',
    ...readLabels(info.Labels),
    state: info.State ?? '',
    health: readHealth(info),
    ports: [...new Set(tcp.map((port) => port.PrivatePort))].sort((a, b) => a - b),
    published: tcp
      .filter((port) => port.PublicPort > 0)
      .map(({ PrivatePort, PublicPort, IP = '' }) => ({
        port: PrivatePort,
        hostPort: PublicPort,
        isLoopback: IP === '::1' || IP.startsWith('127.'),
      })),
    networks: networks.sort((a, b) => (a.name < b.name ? -1 : 1)),
    isOnHostNetwork: info.HostConfig?.NetworkMode === 'host',
    createdAt: (info.Created ?? 0) * 1_000,
  };
}

/** Newer Engines list the state; all of them write it into the sentence about the container's status. */
function readHealth(info: ContainerInfo): Container['health'] {
  const listed = (info as { Health?: { Status?: string } }).Health?.Status;
  const status = listed ?? /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(info.Status ?? '')?.[1];
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
