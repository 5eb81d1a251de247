import type { Container } from './container.ts';
import type { Obstacle } from './obstacles.ts';

/** Containers that share a network by way of each other: more than anybody joins, fewer than a circle has. */
const MAX_STEPS = 8;

/**
 * Whose network the container uses: its own, or that of the container whose network it shares
 * (`network_mode: service:vpn`), be it by way of others.
 * @param find the container with that id, if there is one
 */
export function networkOwner(
  container: Container,
  find: (id: string) => Container | undefined,
): Container | Obstacle {
  let owner = container;
  for (let steps = 0; owner.networkOf !== undefined; steps++) {
    const next = find(owner.networkOf);
    if (next === undefined || steps === MAX_STEPS) return isGone(owner.networkOf);
    owner = next;
  }
  const isUp = owner === container || owner.state === 'running' || owner.state === 'paused';
  return isUp ? owner : isDown(owner);
}

/** The container as it is reached: by its owner's networks and published ports. Ports of its own image go first. */
export function withNetworkOf(container: Container, owner: Container): Container {
  if (owner === container) return container;
  const { networks, published, isOnHostNetwork } = owner;
  const ports = container.ports.length > 0 ? container.ports : owner.ports;
  return { ...container, networks, published, isOnHostNetwork, ports };
}

function isGone(id: string): Obstacle {
  return {
    label: 'fairlead.network',
    message: `it shares the network of container ${id.slice(0, 12)}, which is gone`,
    hint: 'create it anew, so that it joins the one that there is now',
  };
}

function isDown({ name, state }: Container): Obstacle {
  return {
    label: 'fairlead.network',
    message: `it shares the network of container ${name}, which is ${state}`,
    hint: `start ${name}, and then this one anew`,
  };
}
