import type { Container } from './container.ts';
import type { Obstacle } from './obstacles.ts';

/** The most steps from a container to the owner of its network. Nobody needs more, and a circle ends there. */
const MAX_STEPS = 8;

/**
 * Finds the container whose network this one uses: itself, or the one whose network it shares
 * (`network_mode: service:vpn`), over several steps if need be.
 * @param find returns the container with that id, if there is one
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

/** The container with its owner's networks and published ports, by which it is reached. It keeps the ports of its own image, if any. */
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
