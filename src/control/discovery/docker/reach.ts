import type { Address } from '../../../model/address.ts';
import { listFew } from '../../../model/text.ts';
import type { Draft } from '../labels/draft.ts';
import type { Container, ContainerNetwork } from './container.ts';

/** How Fairlead gets at an Engine's containers. */
export type Reach =
  /** It is one of them: by the networks that it shares; on the host's network as if it ran on the host. */
  | { readonly kind: 'container'; readonly self: Container; readonly drivers: ReadonlyMap<string, string> }
  /** It runs on the Engine's host: by any bridge network. Drivers by network id. */
  | { readonly kind: 'host'; readonly drivers: ReadonlyMap<string, string> }
  /** It runs elsewhere: by the ports that the host at that address publishes. */
  | { readonly kind: 'published'; readonly host: string };

/** The address of a container's service and the reasons for it, or why there is none. */
export type Located =
  | { readonly address: Address; readonly port: number; readonly notes: readonly string[] }
  | { readonly label: string; readonly message: string; readonly hint: string };

/** Where a service of the container is reached. */
export function locate(container: Container, draft: Draft, reach: Reach): Located {
  const port = choosePort(container, draft);
  if (typeof port !== 'object') {
    const hint = 'add fairlead.port=PORT, or EXPOSE one in its image';
    return { label: 'fairlead.port', message: 'the container exposes no TCP port', hint };
  }
  if (container.isOnHostNetwork) return locateOnHostNetwork(port, reach);
  if (reach.kind === 'published') return locatePublished(container, port, reach.host);
  return locateOnNetwork(container, draft, port, reach);
}

interface ChosenPort {
  readonly port: number;
  readonly note: string;
}

function choosePort(container: Container, draft: Draft): ChosenPort | undefined {
  if (draft.port !== undefined) return { port: draft.port, note: `port ${draft.port}: fairlead.port` };
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
  const host = reach.kind === 'published' ? reach.host : '127.0.0.1';
  const notes = [chosen.note, `address ${host}: the container is on the host's network`];
  return { address: { host, port: chosen.port }, port: chosen.port, notes };
}

function locatePublished(container: Container, chosen: ChosenPort, host: string): Located {
  const isHere = host.startsWith('127.');
  const published = container.published.find(
    (entry) => entry.port === chosen.port && (isHere || !entry.isLoopback),
  );
  if (published === undefined) {
    return {
      label: 'fairlead.port',
      message: `port ${chosen.port} is not published, and Fairlead does not run on this Engine's host`,
      hint: `publish it (-p ${chosen.port}), or run Fairlead as a container there`,
    };
  }
  const notes = [chosen.note, `address ${host}:${published.hostPort}: where the Engine's host publishes it`];
  return { address: { host, port: published.hostPort }, port: chosen.port, notes };
}

function locateOnNetwork(container: Container, draft: Draft, chosen: ChosenPort, reach: Reach): Located {
  const candidates = container.networks.filter((network) => isShared(network, reach));
  const wanted = draft.network;
  const fitting =
    wanted === undefined
      ? candidates
      : candidates.filter((network) => namesNetwork(network, wanted, container));
  const network = fitting.find((candidate) => candidate.address !== '');
  if (network === undefined) return notShared(container, wanted, reach);
  const others = candidates.filter((candidate) => candidate !== network).map((candidate) => candidate.name);
  const why = describeChoice(wanted, others);
  return {
    address: { host: network.address, port: chosen.port },
    port: chosen.port,
    notes: [chosen.note, `address ${network.address} on network ${network.name}: ${why}`],
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
  // A network that is not in the list yet is taken for what nearly all of them are.
  return reach.kind !== 'published' && (reach.drivers.get(network.id) ?? 'bridge') === 'bridge';
}

/** Compose prefixes the networks of a project with its name. */
function namesNetwork(network: ContainerNetwork, wanted: string, container: Container): boolean {
  const project = container.labels['com.docker.compose.project'];
  return network.name === wanted || (project !== undefined && network.name === `${project}_${wanted}`);
}

function notShared(container: Container, wanted: string | undefined, reach: Reach): Located {
  const tried = listFew(container.networks.map((network) => network.name)) || 'none';
  const own =
    reach.kind === 'container' && !reach.self.isOnHostNetwork
      ? `Fairlead is on ${listFew(reach.self.networks.map((network) => network.name)) || 'none'}`
      : 'Fairlead runs on the host and reaches bridge networks';
  const message =
    wanted === undefined
      ? `no network that Fairlead reaches: the container is on ${tried}; ${own}`
      : `network ${wanted} is not one that both are on: the container is on ${tried}; ${own}`;
  return {
    label: 'fairlead.network',
    message,
    hint: 'put both on one network: docker network connect NETWORK CONTAINER',
  };
}
