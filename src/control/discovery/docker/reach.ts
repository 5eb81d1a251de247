import { type Address, formatAddress } from '../../../model/address.ts';
import type { BackendSettings } from '../../../model/keys/draft.ts';
import { listFew } from '../../../model/text.ts';
import type { Container, ContainerNetwork } from './container.ts';
import { hasNoNetwork, hasNoPort, isOutOfReach, notShared, type Obstacle } from './obstacles.ts';
import { publishedAt } from './published.ts';

/** How Fairlead gets at an Engine's containers. */
export type Reach =
  /** Fairlead is one of the containers: by the networks that it shares, or by all bridges if it is on the host's network. */
  | { readonly kind: 'container'; readonly self: Container; readonly drivers: ReadonlyMap<string, string> }
  /** Fairlead runs on the Engine's host: by any bridge network. `drivers` are by network id. */
  | { readonly kind: 'host'; readonly drivers: ReadonlyMap<string, string> }
  /** Fairlead runs elsewhere: by the ports that the host at that address publishes. */
  | { readonly kind: 'published'; readonly host: string };

/** The parts of a reach that decide where containers are found, as a text to compare. */
export function reachKey(reach: Reach): string {
  if (reach.kind === 'published') return reach.host;
  if (reach.kind === 'host') return JSON.stringify([...reach.drivers]);
  const { id, networks, isOnHostNetwork } = reach.self;
  return JSON.stringify([id, isOnHostNetwork ? [...reach.drivers] : networks, isOnHostNetwork]);
}

/** The address of a container's service and the reasons for it, or why there is none. */
export type Located =
  | {
      readonly address: Address;
      readonly port: number;
      readonly notes: readonly string[];
      /** Why the address may be out of reach. */
      readonly caveat?: Obstacle;
    }
  | Obstacle;

const HERE = '127.0.0.1';

/**
 * Finds the address where a service of the container is reached.
 * @param container the container with the networks that it really has (see `withNetworkOf`)
 * @param said what the labels of the service say of its backend
 */
export function locate(container: Container, said: BackendSettings, reach: Reach): Located {
  if (container.networks.some(({ name }) => name === NONE)) return hasNoNetwork();
  const port = choosePort(container, said);
  if (port === undefined) return hasNoPort(container);
  if (container.isOnHostNetwork) return locateOnHostNetwork(port, reach);
  if (reach.kind === 'published') return locatePublished(container, port, reach.host);
  return locateOnNetwork(container, said, port, reach);
}

/** The name of the network of containers that have none. */
const NONE = 'none';

interface ChosenPort {
  readonly port: number;
  readonly note: string;
}

function choosePort(container: Container, said: BackendSettings): ChosenPort | undefined {
  if (said.port !== undefined) return { port: said.port, note: `port ${said.port}: fairlead.port` };
  const [lowest, ...others] = container.ports;
  if (lowest === undefined) return undefined;
  if (others.length === 0) return { port: lowest, note: `port ${lowest}: the only one exposed` };
  return { port: lowest, note: `port ${lowest}: the lowest of ${listFew(container.ports)}` };
}

function locateOnHostNetwork(chosen: ChosenPort, reach: Reach): Located {
  if (reach.kind === 'container' && !reach.self.isOnHostNetwork) {
    return {
      label: 'fairlead.network',
      message: "the container is on the host's network, which Fairlead's container does not share",
      hint: 'put it on a network of its own, or run Fairlead with --network host',
    };
  }
  const host = reach.kind === 'published' ? reach.host : HERE;
  const notes = [chosen.note, `address ${host}: the container is on the host's network`];
  return { address: { host, port: chosen.port }, port: chosen.port, notes };
}

function locatePublished(container: Container, chosen: ChosenPort, host: string): Located {
  const address = publishedAt(container, chosen.port, host);
  if (address === undefined) {
    return {
      label: 'fairlead.port',
      message: `port ${chosen.port} is not published, and Fairlead does not run on this Engine's host`,
      hint: `publish it (-p ${chosen.port}), or run Fairlead as a container there`,
    };
  }
  const notes = [chosen.note, `address ${formatAddress(address)}: where the Engine's host publishes it`];
  return { address, port: chosen.port, notes };
}

function locateOnNetwork(
  container: Container,
  said: BackendSettings,
  chosen: ChosenPort,
  reach: Reach,
): Located {
  const candidates = container.networks.filter((network) => isShared(network, reach));
  const wanted = said.network;
  const fitting = candidates.filter(
    (network) => network.address !== '' && (wanted === undefined || namesNetwork(network, wanted, container)),
  );
  const isHost = reach.kind === 'host' || (reach.kind === 'container' && reach.self.isOnHostNetwork);
  const network = fitting.find(({ isFar }) => !isHost || !isFar) ?? fitting[0];
  const isFar = isHost && (network === undefined || network.isFar === true);
  const published = isFar && wanted === undefined ? publishedAt(container, chosen.port, HERE) : undefined;
  if (published !== undefined) return locateNearby(published, network, chosen);
  if (network === undefined) {
    const self = reach.kind === 'container' && !reach.self.isOnHostNetwork ? reach.self : undefined;
    return notShared(container, wanted, reached(reach), self);
  }
  const others = candidates.filter((candidate) => candidate !== network).map((candidate) => candidate.name);
  const why = describeChoice(wanted, others);
  return {
    address: { host: network.address, port: chosen.port },
    port: chosen.port,
    notes: [chosen.note, `address ${network.address} on network ${network.name}: ${why}`],
    ...(isFar && { caveat: isOutOfReach(network, chosen.port) }),
  };
}

/** Uses a port that is published on this host, because no address of the container is reached. */
function locateNearby(
  address: Address,
  network: ContainerNetwork | undefined,
  { port, note }: ChosenPort,
): Located {
  const message =
    network === undefined
      ? `the container has no address that Fairlead reaches: its published port ${formatAddress(address)} is taken`
      : `network ${network.name} is not one of this host's (a rootless Engine?): the published port ${formatAddress(address)} is taken`;
  const hint = 'run Fairlead as a container on a network of it, and nothing need be published';
  return {
    address,
    port,
    notes: [note, `address ${formatAddress(address)}: where it is published on this host`],
    caveat: { label: 'fairlead.network', message, hint },
  };
}

function describeChoice(wanted: string | undefined, others: readonly string[]): string {
  if (wanted !== undefined) return 'fairlead.network';
  if (others.length === 0) return 'the only one that Fairlead reaches';
  return `the first by name of those that Fairlead reaches (also ${listFew(others)})`;
}

function isShared(network: ContainerNetwork, reach: Reach): boolean {
  if (reach.kind === 'container' && !reach.self.isOnHostNetwork) {
    return reach.self.networks.some((own) => own.id === network.id && own.id !== '');
  }
  // A network that is not in the list yet is treated as a bridge, as nearly all networks are.
  return reach.kind !== 'published' && (reach.drivers.get(network.id) ?? 'bridge') === 'bridge';
}

/** Whether a label means this network. Compose prefixes the networks of a project with its name. */
function namesNetwork(network: ContainerNetwork, wanted: string, container: Container): boolean {
  const project = container.labels['com.docker.compose.project'];
  return network.name === wanted || (project !== undefined && network.name === `${project}_${wanted}`);
}

function reached(reach: Reach): string {
  if (reach.kind !== 'container' || reach.self.isOnHostNetwork)
    return 'Fairlead runs on the host and reaches bridge networks';
  return `Fairlead is on ${listFew(reach.self.networks.map((network) => network.name)) || 'none'}`;
}
