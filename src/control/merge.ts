import type { Backend } from '../model/backend.ts';
import type { Claim, RouteClaim } from '../model/contribution.ts';
import { filtersOf } from '../model/filter.ts';
import type { SaidHealth, SourceHealth } from '../model/health.ts';
import type { Problem } from '../model/problem.ts';
import { type Route, routeName } from '../model/route.ts';
import { makeService, type Service } from '../model/service.ts';
import type { Topology } from '../model/snapshot.ts';
import { absenceOf } from './absence.ts';
import { type Group, groupClaims, isGone, isLiving, placeOf, routeKey, routeKeysOf } from './claim-groups.ts';
import { mergeSettings } from './merge-settings.ts';
import { mixtureOf } from './mixture.ts';

/** The part of the topology that some claims add up to. */
export interface Part extends Topology {
  readonly sourceHealth: SourceHealth;
  readonly problems: readonly Problem[];
  /** Names of the services at which nothing serves: their routes are ghosts. */
  readonly lifeless: ReadonlySet<string>;
  readonly fallbacks: readonly ServiceFallback[];
}

/** One service's fallback to another service, with the problem to report if that one does not exist. */
export interface ServiceFallback {
  readonly from: string;
  readonly to: string;
  readonly problem: Problem;
}

/**
 * Merges claims. A pure function; the order of the claims does not matter.
 * @param owners the service that had each route before, by `routeKey`: if two services claim a route, it stays there
 */
export function mergeClaims(claims: readonly Claim[], owners: ReadonlyMap<string, string>): Part {
  const problems: Problem[] = [];
  const all = groupClaims(claims.toSorted(comparePrecedence));
  const routes = decideRoutes(all, owners, problems);
  // A remembered group exists for its routes: it is left out when other groups have them all.
  const routed = new Set(routes.map((route) => route.service));
  const groups = all.filter((group) => routed.has(group.name) || !isGone(group));
  const sourceHealth: Record<string, SaidHealth> = {};
  const built = groups.map((group) => buildService(group, sourceHealth, problems));
  const services = built.map(({ service }) => service);
  const filters = new Map(built.map((one) => [one.service.name, one.filters]));
  const fallbacks = services.flatMap((service, i) => fallbacksOf(service, groups[i] as Group));
  const lifeless = new Set(groups.filter((group) => !isLiving(group)).map(({ name }) => name));
  return {
    services,
    routes: routes.map((route) => withFilters(route, filters)),
    sourceHealth,
    problems,
    lifeless,
    fallbacks,
  };
}

/** The route with the filters of its service. All routes of a service share one list of filters. */
function withFilters(route: Route, filters: ReadonlyMap<string, Route['filters']>): Route {
  const all = filters.get(route.service);
  return all === undefined ? route : { ...route, filters: all };
}

/** The order in which services and routes stand in a topology. */
export function compareServices(a: Service, b: Service): number {
  return compareText(a.name, b.name);
}

export function compareRoutes(a: Route, b: Route): number {
  return compareText(a.host, b.host) || compareText(a.path, b.path) || a.priority - b.priority;
}

/**
 * Sorts claims so that the later one wins: claims that serve win over claims that do not, then newer ones over older ones.
 * The last two comparisons make the result independent of the order of the list.
 */
function comparePrecedence(a: Claim, b: Claim): number {
  return (
    rank(a) - rank(b) ||
    a.createdAt - b.createdAt ||
    // Names tell containers apart that were created together; `claimId` tells the remaining claims apart.
    compareText(a.origin.name, b.origin.name) ||
    compareText(claimId(a), claimId(b))
  );
}

function rank(claim: Claim): number {
  if (claim.serves !== undefined) return 2;
  return claim.isGone ? 0 : 1;
}

function claimId({ origin, service, routes, settings, serves }: Claim): string {
  return JSON.stringify([origin.name, origin.containerId, serves, service, routes, settings]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

interface Built {
  readonly service: Service;
  readonly filters: Route['filters'];
}

function buildService(group: Group, sourceHealth: Record<string, SaidHealth>, problems: Problem[]): Built {
  const backends = new Map<string, Backend>();
  for (const { serves, origin } of group.claims) {
    if (serves === undefined) continue;
    const { key, health, ...serving } = serves;
    const id = `${group.name}/${key}`;
    backends.set(id, { id, ...serving, origin });
    if (health !== undefined) sourceHealth[id] = health;
  }
  const ordered = [...backends.values()].sort((a, b) => compareText(a.id, b.id));
  // Remembered claims decide the settings only if there are no others.
  const deciding = isGone(group) ? group.claims : group.claims.filter((claim) => !claim.isGone);
  const settings = mergeSettings(group.name, deciding, problems);
  const service = makeService(group.name, settings, ordered);
  for (const [field, key] of DECIDED) reportDifferent(group, field, key, problems);
  const mixture = mixtureOf(group);
  if (mixture !== undefined) problems.push(notice(mixture.claim, 'host', mixture.message, mixture.hint));
  const absence = ordered.length === 0 ? absenceOf(group) : undefined;
  return {
    service: absence === undefined ? service : { ...service, absence },
    filters: filtersOf(settings),
  };
}

interface Claimant {
  readonly route: Route;
  readonly group: Group;
}

/**
 * Decides which service gets each route that several claim. The one that had it first keeps it, as long as something serves
 * there: a newcomer never takes a working route away, and a claim that is only remembered never keeps one.
 */
function decideRoutes(
  groups: readonly Group[],
  owners: ReadonlyMap<string, string>,
  problems: Problem[],
): Route[] {
  const claimants = new Map<string, Claimant[]>();
  for (const group of groups) {
    for (const claimed of group.routes) {
      const route = { ...claimed, service: group.name };
      const rivals = claimants.get(routeKey(route));
      if (rivals === undefined) claimants.set(routeKey(route), [{ route, group }]);
      else rivals.push({ route, group });
    }
  }
  const routes: Route[] = [];
  // A remembered route gives way to others at the same place, whatever their priority.
  const claimed = new Set(
    groups.filter((group) => !isGone(group)).flatMap((group) => group.routes.map(placeOf)),
  );
  for (const [key, rivals] of claimants) {
    const [owner, ...losers] = rivals.sort((a, b) => (wasFirst(a.group, b.group, owners.get(key)) ? -1 : 1));
    if (owner === undefined) continue;
    if (isGone(owner.group) && claimed.has(placeOf(owner.route))) continue;
    routes.push(owner.route);
    for (const loser of losers) {
      if (!isGone(loser.group)) problems.push(routeConflict(owner.group, loser));
    }
  }
  return routes.sort(compareRoutes);
}

function wasFirst(a: Group, b: Group, owner: string | undefined): boolean {
  const rankOf = (group: Group) => Math.max(...group.claims.map(rank));
  if (rankOf(a) !== rankOf(b)) return rankOf(a) > rankOf(b);
  // After a redeploy all its containers are newer than those of its rival, but the service had the route before.
  if (a.name === owner || b.name === owner) return a.name === owner;
  const since = (group: Group) => Math.min(...group.claims.map((claim) => claim.createdAt));
  return since(a) === since(b) ? a.name < b.name : since(a) < since(b);
}

function notice(claim: Claim, where: string, message: string, hint?: string): Problem {
  const { source, name: subject } = claim.origin;
  return { severity: 'notice', source, subject, where, message, ...(hint !== undefined && { hint }) };
}

function routeConflict(owner: Group, loser: Claimant): Problem {
  const message = `${routeName(loser.route)} is already served by service ${owner.name}, which was there first`;
  // A service that is named after its route may have a name that is not valid in a label.
  const joining = /^[\w.-]+$/.test(owner.name) ? `join it with service=${owner.name}, or ` : '';
  const claim = loser.group.claims.at(-1) as Claim;
  return notice(claim, 'host', message, `${joining}take another host, path or priority`);
}

/** What the newest of those that claim the same route decides, and the keys for it. */
const DECIDED = [
  ['stripPrefix', 'strip-prefix'],
  ['tls', 'tls'],
  ['https', 'https'],
  ['hsts', 'hsts'],
] as const satisfies readonly (readonly [keyof RouteClaim, string])[];

/** Reports claims that differ on what the newest of them decides for a route. */
function reportDifferent(
  group: Group,
  field: (typeof DECIDED)[number][0],
  key: string,
  problems: Problem[],
): void {
  // Where nobody says anything, nobody differs.
  if (!group.claims.some((claim) => claim.routes.some((route) => route[field]))) return;
  const decided = new Map(group.routes.map((route) => [routeKey(route), route]));
  for (const claim of group.claims) {
    // A route of the claim that is not in `decided` belongs to another group.
    const keys = routeKeysOf(claim);
    const differs = claim.routes.some(
      (route, i) => (decided.get(keys[i] as string) ?? route)[field] !== route[field],
    );
    const message = `differs from what others of service ${group.name} say, and the newest of them wins`;
    if (differs && !claim.isGone) problems.push(notice(claim, key, message));
  }
}

function fallbacksOf({ name, fallback = [] }: Service, group: Group): ServiceFallback[] {
  const claim = group.claims.findLast(({ settings }) => settings.fallback !== undefined);
  if (claim === undefined || claim.isGone) return [];
  return fallback.flatMap((one) => {
    if (one.kind !== 'service') return [];
    const { service } = one;
    const message = `service ${name} falls back to service ${service}, which does not exist now`;
    return [{ from: name, to: service, problem: notice(claim, 'fallback', message) }];
  });
}
