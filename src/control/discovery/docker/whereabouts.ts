import { isIP } from 'node:net';
import type { Container } from './container.ts';
import type { Reach } from './reach.ts';

/** Where containers are reached if Fairlead is not one of them: `here` is by this host's bridge networks. */
export type Elsewhere =
  | {
      readonly kind: 'here';
      /** Whether the containers behind a gateway are reached from this host; without it all of them are. */
      readonly isNear?: (gateway: string) => boolean;
    }
  | {
      readonly kind: 'published';
      readonly host: string;
      /** The same. If the Engine's address is that of a container behind a near gateway, the Engine is on this host. */
      readonly isNear?: (gateway: string) => boolean;
    };

/** What decides how an Engine's containers are reached. */
export interface Whereabouts {
  /** Ids that Fairlead's own container may have. */
  readonly ownIds: readonly string[];
  readonly elsewhere: Elsewhere;
  /** The drivers of the networks, by network id. */
  readonly drivers: ReadonlyMap<string, string>;
  /** All containers of the Engine. */
  readonly containers: () => Iterable<Container>;
  /** A container with the networks that it really has. */
  readonly connected: (container: Container) => Container;
}

/** How Fairlead reaches an Engine's containers. If it is one of them, its networks decide. */
export function reachFrom(where: Whereabouts): Reach {
  const { ownIds, elsewhere, drivers, containers, connected } = where;
  if (ownIds.length > 0) {
    for (const container of containers())
      if (ownIds.some((id) => container.id.startsWith(id)))
        return { kind: 'container', self: connected(container), drivers };
  }
  return elsewhere.kind === 'here' || isBehindOwnContainer(elsewhere, where)
    ? { kind: 'host', drivers }
    : elsewhere;
}

/** Whether Fairlead talks to the Engine through one of its containers, such as a filter, on a bridge of this machine. */
function isBehindOwnContainer(
  { host, isNear }: Extract<Elsewhere, { kind: 'published' }>,
  { containers, drivers }: Whereabouts,
): boolean {
  if (isNear === undefined || isIP(host) === 0) return false;
  for (const { networks } of containers())
    if (networks.some((one) => one.address === host && !one.isFar && drivers.get(one.id) === 'bridge'))
      return true;
  return false;
}
