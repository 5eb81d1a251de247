import type { Claim, RouteClaim } from '../model/contribution.ts';
import { routeName } from '../model/route.ts';

/** Claims that serve together, and the routes that lead to them. */
export interface Group {
  readonly name: string;
  /** In the order of their precedence: the later wins. */
  readonly claims: readonly Claim[];
  readonly routes: readonly RouteClaim[];
}

/** What makes two routes the same one. */
export function routeKey(route: RouteClaim): string {
  return `${route.host} ${route.path} ${route.priority}`;
}

/** Where requests are asked for, whatever the priority: a place can have several routes. */
export function placeOf({ host, path }: { readonly host: string; readonly path: string }): string {
  return `${host} ${path}`;
}

/**
 * What a claim can have in common with others: the places of its routes, and the names that a service of it can have.
 * Claims that share none of these, not even by way of others, have no service, no place and no conflict together.
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

/** Claims stay the same values: where many have many routes, their texts are made once and not for each merge. */
const TIES = new WeakMap<Claim, readonly string[]>();
const ROUTE_KEYS = new WeakMap<Claim, readonly string[]>();

/** What makes each of its routes the same as another's, in their order. */
export function routeKeysOf(claim: Claim): readonly string[] {
  const keys = ROUTE_KEYS.get(claim) ?? claim.routes.map(routeKey);
  ROUTE_KEYS.set(claim, keys);
  return keys;
}

/** The tie of all that claim a place. */
export function placeTie(route: RouteClaim): string {
  return `place ${placeOf(route)}`;
}

/** Something serves there; or a file says what answers without any backend. */
export function isLiving(group: Group): boolean {
  return group.claims.some(
    ({ serves, isGone, origin, settings }) =>
      serves !== undefined ||
      (!isGone && origin.containerId === undefined && settings.fallback !== undefined),
  );
}

/** Only remembered: nothing that exists claims it. */
export function isGone(group: Group): boolean {
  return group.claims.every((claim) => claim.isGone);
}

/**
 * Who serves together, by name.
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

/** Who names the service that others have by their route joins them. */
function join(a: Group, b: Group, claims: readonly Claim[]): Group {
  const members = new Set([...a.claims, ...b.claims]);
  const routes = new Map([...a.routes, ...b.routes].map((route) => [routeKey(route), route]));
  return {
    name: a.name,
    claims: claims.filter((claim) => members.has(claim)),
    routes: [...routes.values()],
  };
}

/** The services that claims name. */
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
 * Without a name the route is the group: all that claim the same host and path. Routes with the very same
 * claims are one service, which has the name of the shortest of them.
 */
function routeGroups(claims: readonly Claim[]): Group[] {
  interface Claimed {
    route: RouteClaim;
    /** Those with the same number have been claimed by the very same so far. */
    number: number;
    readonly claims: Claim[];
  }
  const byRoute = new Map<string, Claimed>();
  let last = 0;
  for (const claim of claims) {
    if (claim.service !== undefined) continue;
    const keys = routeKeysOf(claim);
    /** The numbers of the routes that this claim has, too, by those that they had before it. */
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

/** Routes of different priority are different ones, and so are the services behind them. */
function nameOf(route: RouteClaim): string {
  return route.priority === 0 ? routeName(route) : `${routeName(route)} priority ${route.priority}`;
}
