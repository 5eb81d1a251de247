import { isIP } from 'node:net';
import type { Container } from './container.ts';
import type { Reach } from './reach.ts';

/** Where containers are reached that are not next to us: `here` is this host's bridge networks. */
export type Elsewhere =
  | {
      readonly kind: 'here';
      /** Whether the containers behind a gateway are reached from this host; all are where it is not said. */
      readonly isNear?: (gateway: string) => boolean;
    }
  | {
      readonly kind: 'published';
      readonly host: string;
      /** The same: an address of the Engine that is one of its containers behind a near gateway is on this host. */
      readonly isNear?: (gateway: string) => boolean;
    };

/** What it depends on how an Engine's containers are reached. */
export interface Whereabouts {
  /** Ids that our own container may have. */
  readonly ownIds: readonly string[];
  readonly elsewhere: Elsewhere;
  /** Of the networks, by id. */
  readonly drivers: ReadonlyMap<string, string>;
  /** All containers of the Engine. */
  readonly containers: () => Iterable<Container>;
  /** A container with the networks that it really has. */
  readonly connected: (container: Container) => Container;
}

/** How we get at an Engine's containers: whether we are one of them, and on which networks, decides about all others. */
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

/** Whether the Engine is asked by way of one of its containers, such as a filter, on a bridge of this machine. */
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
