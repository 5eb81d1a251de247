import { listFew } from '../../../model/text.ts';
import type { Container, ContainerNetwork } from './container.ts';

/** Why a container is not reached, or may not be. The problem is shown at this label, which is wrong or missing. */
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
 * No network is shared with the container.
 * @param wanted the network that a label names
 * @param reached the networks that Fairlead reaches, in words
 * @param self Fairlead's own container, if its networks decide what is reached
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

/** The NETWORK and CONTAINER to suggest: Fairlead should join the other's network, unless that is the default bridge. */
function toConnect(container: Container, self: Container | undefined): string {
  // Docker cannot connect a container that shares another's network; the owner of the network must be connected.
  const name = container.networkOf?.slice(0, 12) ?? container.name;
  if (self === undefined) return `NETWORK ${name}`;
  const own = (networks: Container['networks']) => networks.filter((one) => one.name !== 'bridge');
  const [theirs] = own(container.networks);
  if (theirs !== undefined && self.networkOf === undefined) return `${theirs.name} ${self.name}`;
  const [ours, ...others] = own(self.networks);
  if (ours === undefined || others.length === 0) return `${ours?.name ?? 'NETWORK'} ${name}`;
  // Nothing tells which of Fairlead's networks is meant for services.
  return `NETWORK ${name}, NETWORK being Fairlead's for services, and not for its admin address or the Engine's socket`;
}
