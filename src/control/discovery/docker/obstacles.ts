import { listFew } from '../../../model/text.ts';
import type { Container, ContainerNetwork } from './container.ts';

/** Why a container is not reached, or may not be: what is wrong with a label, or with what it would say. */
export interface Obstacle {
  readonly label: string;
  readonly message: string;
  readonly hint: string;
}

export function hasNoNetwork(): Obstacle {
  const hint = 'create it with a network that Fairlead reaches (--network NETWORK)';
  return { label: 'fairlead.network', message: 'the container has no network (--network none)', hint };
}

export function hasNoPort({ isOnHostNetwork }: Container): Obstacle {
  const label = 'fairlead.port';
  if (isOnHostNetwork) {
    const message = "the container is on the host's network, where the Engine lists no ports";
    return { label, message, hint: 'add fairlead.port=PORT' };
  }
  const hint = 'add fairlead.port=PORT, or EXPOSE one in its image';
  return { label, message: 'the container exposes no TCP port', hint };
}

export function isOutOfReach({ name, address }: ContainerNetwork, port: number): Obstacle {
  return {
    label: 'fairlead.network',
    message: `${address} on network ${name} may be out of reach: the network is not one of this host's (a rootless Engine?)`,
    hint: `publish the port (-p ${port}), or run Fairlead as a container on that network`,
  };
}

function isOnNoNetwork({ name }: Container): Obstacle {
  return {
    label: 'fairlead.network',
    message: 'the Engine names no network of the container, and no published port',
    hint: `publish its port (-p PORT), or put it on a network: docker network connect NETWORK ${name}`,
  };
}

/**
 * @param wanted the network that a label names
 * @param reached what Fairlead reaches, in words
 * @param self Fairlead's own container, where its networks decide
 */
export function notShared(
  container: Container,
  wanted: string | undefined,
  reached: string,
  self?: Container,
): Obstacle {
  if (container.networks.length === 0) return isOnNoNetwork(container);
  const tried = listFew(container.networks.map((network) => network.name));
  const message =
    wanted === undefined
      ? `no network that Fairlead reaches: the container is on ${tried}; ${reached}`
      : `network ${wanted} is not one that both are on: the container is on ${tried}; ${reached}`;
  return {
    label: 'fairlead.network',
    message,
    hint: `put both on one network: docker network connect ${toConnect(container, self)}`,
  };
}

/** Which network has to be joined by whom: Fairlead joins those of others, but for the default one of all. */
function toConnect(container: Container, self: Container | undefined): string {
  // Docker connects no container that shares another one's network: its owner is the one to connect.
  const name = container.networkOf?.slice(0, 12) ?? container.name;
  if (self === undefined) return `NETWORK ${name}`;
  const own = (networks: Container['networks']) => networks.filter((one) => one.name !== 'bridge');
  const [theirs] = own(container.networks);
  if (theirs !== undefined && self.networkOf === undefined) return `${theirs.name} ${self.name}`;
  const [ours, ...others] = own(self.networks);
  if (ours === undefined || others.length === 0) return `${ours?.name ?? 'NETWORK'} ${name}`;
  // Which of several is for services nothing tells.
  return `NETWORK ${name}, NETWORK being Fairlead's for services, and not for its admin address or the Engine's socket`;
}
