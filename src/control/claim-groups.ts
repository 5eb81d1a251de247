import type { Claim, RouteClaim } from '../model/contribution.ts';
import { routeName } from '../model/route.ts';

/** The claims that make up one service, and the routes that lead to it. */
export interface Group {
  readonly name: string;
  /** In the order of their precedence: a later claim wins over an earlier one. */
  readonly claims: readonly Claim[];
  readonly routes: readonly RouteClaim[];
}

/** Two routes are the same one if they have the same key. */
export function routeKey(route: RouteClaim): string {
  return `${route.host} ${route.path} ${route.priority}`;
}

/** The place of a route: its host and path. One place can have several routes, of different priorities. */
export function placeOf({ host, path }: { readonly host: string; readonly path: string }): string {
  return `${host} ${path}`;
}

/**
 * What a claim can have in common with other claims: the places of its routes, and the names of its services. Claims that
 * share no tie, not even by way of other claims, have no service, place or conflict in common.
 */
export function tiesOf(claim: Claim): readonly string[] {
  const known = TIES.get(claim);
  if (known !== undefined) return known;
  const { service, routes } = claim;
  const ties = routes.map((route) => placeTie(route));
  const names = service === undefined ? routes.map(nameOf) : [service];
  for (const name of names) ties.push(`service ${name}`);
  TIES.set(claim, ties);
  return ties;
}

/** Texts made of claims. Since claims stay the same values from merge to merge, their texts need to be made only once. */
const TIES = new WeakMap<Claim, readonly string[]>();
const ROUTE_KEYS = new WeakMap<Claim, readonly string[]>();

/** The keys of a claim's routes, in the order of the routes. */
export function routeKeysOf(claim: Claim): readonly string[] {
  const keys = ROUTE_KEYS.get(claim) ?? claim.routes.map(routeKey);
  ROUTE_KEYS.set(claim, keys);
  return keys;
}

/** The tie of all claims with a route at that place. */
export function placeTie(route: RouteClaim): string {
  return `place ${placeOf(route)}`;
}

/** Whether something serves in this group, or a file names a fallback that answers without any backend. */
export function isLiving(group: Group): boolean {
  return group.claims.some(
    ({ serves, isGone, origin, settings }) =>
      serves !== undefined ||
      (!isGone && origin.containerId === undefined && settings.fallback !== undefined),
  );
}

/** Whether the group is only remembered: all containers that claimed it are stopped or removed. */
export function isGone(group: Group): boolean {
  return group.claims.every((claim) => claim.isGone);
}

/**
 * Groups claims by the service that they make up; sorted by name.
 * @param claims in the order of their precedence
 */
export function groupClaims(claims: readonly Claim[]): Group[] {
  const groups = new Map<string, Group>();
  for (const group of [...namedGroups(claims), ...routeGroups(claims)]) {
    const other = groups.get(group.name);
    groups.set(group.name, other === undefined ? group : join(other, group, claims));
  }
  return [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Joins two groups of one name: claims that name a service join those that got the same name from their route. */
function join(a: Group, b: Group, claims: readonly Claim[]): Group {
  const members = new Set([...a.claims, ...b.claims]);
  const routes = new Map([...a.routes, ...b.routes].map((route) => [routeKey(route), route]));
  return {
    name: a.name,
    claims: claims.filter((claim) => members.has(claim)),
    routes: [...routes.values()],
  };
}

/** Groups the claims that name their service. */
function namedGroups(claims: readonly Claim[]): Group[] {
  type Named = { claims: Claim[]; routes: Map<string, RouteClaim> };
  const groups = new Map<string, Named>();
  for (const claim of claims) {
    if (claim.service === undefined) continue;
    const group: Named = groups.get(claim.service) ?? { claims: [], routes: new Map() };
    groups.set(claim.service, group);
    group.claims.push(claim);
    const keys = routeKeysOf(claim);
    for (const [i, route] of claim.routes.entries()) group.routes.set(keys[i] as string, route);
  }
  return [...groups].map(([name, { claims: members, routes }]) => ({
    name,
    claims: members,
    routes: [...routes.values()],
  }));
}

/**
 * Groups the claims that name no service by their routes: all claims of the same host and path are one group. Routes
 * that have exactly the same claims are one service, named after the shortest of these routes.
 */
function routeGroups(claims: readonly Claim[]): Group[] {
  interface Claimed {
    route: RouteClaim;
    /** Routes with the same number have had exactly the same claims so far. */
    number: number;
    readonly claims: Claim[];
  }
  const byRoute = new Map<string, Claimed>();
  let last = 0;
  for (const claim of claims) {
    if (claim.service !== undefined) continue;
    const keys = routeKeysOf(claim);
    /** The new numbers of the routes that this claim shares, by the numbers that they had before it. */
    const next = new Map<number, number>();
    for (const [i, route] of claim.routes.entries()) {
      const key = keys[i] as string;
      let entry = byRoute.get(key);
      if (entry === undefined) {
        entry = { route, number: 0, claims: [] };
        byRoute.set(key, entry);
      }
      const number = next.get(entry.number) ?? ++last;
      next.set(entry.number, number);
      entry.number = number;
      entry.route = route;
      entry.claims.push(claim);
    }
  }
  const groups = new Map<number, { claims: Claim[]; routes: RouteClaim[] }>();
  for (const { route, claims: members, number } of byRoute.values()) {
    const group = groups.get(number);
    if (group === undefined) groups.set(number, { claims: members, routes: [route] });
    else group.routes.push(route);
  }
  return [...groups.values()].map((group) => ({ ...group, name: shortestName(group.routes) }));
}

function shortestName(routes: readonly RouteClaim[]): string {
  const names = routes.map(nameOf).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  return names[0] ?? '';
}

/** The name of the service at a route. Routes of different priority are different routes, with different services. */
function nameOf(route: RouteClaim): string {
  return route.priority === 0 ? routeName(route) : `${routeName(route)} priority ${route.priority}`;
}
