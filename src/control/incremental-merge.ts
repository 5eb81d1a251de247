import { isDeepStrictEqual } from 'node:util';
import { changesOf } from '../model/changes.ts';
import type { Clock } from '../model/clock.ts';
import type { Claim, Contribution } from '../model/contribution.ts';
import type { Filter } from '../model/filter.ts';
import type { SaidHealth, SourceHealth } from '../model/health.ts';
import { boundProblems, type Problem } from '../model/problem.ts';
import type { Route } from '../model/route.ts';
import type { Service } from '../model/service.ts';
import type { Topology } from '../model/snapshot.ts';
import { didYouMean } from '../nearest.ts';
import { placeTie, routeKey, tiesOf } from './claim-groups.ts';
import { Ghosts } from './ghosts.ts';
import { compareRoutes, compareServices, mergeClaims, type Part, type ServiceFallback } from './merge.ts';

/** The most problems of one container or file that are passed on. */
const MAX_PROBLEMS = 100;
/** The most fallbacks to missing services for which a name is suggested, since each is compared with all names. */
const MAX_SUGGESTIONS = 10;

/** What all sources together say: the topology, health and problems. */
export interface Merged extends Topology {
  readonly sourceHealth: SourceHealth;
  readonly problems: readonly Problem[];
}

/** Claims that have names or routes in common, directly or by way of each other, and nothing in common with other claims. */
interface Island {
  readonly claims: readonly Claim[];
  readonly part: Part;
}

/**
 * Merges all contributions into one topology, and only what has changed. Claims influence each other only within their
 * island, so a change of a few claims merges their islands anew, and everything else stays the very same values. The
 * order of sources and of their claims does not matter.
 */
export class IncrementalMerge {
  #claims: readonly Claim[] = [];
  /** The claims that have a tie, by the tie. */
  readonly #tied = new Map<string, Set<Claim>>();
  readonly #islandOf = new Map<Claim, Island>();
  readonly #islands = new Set<Island>();
  #topology: Topology = { services: [], routes: [] };
  readonly #ghosts: Ghosts;
  readonly #suggestions = new Map<string, string | undefined>();
  #suggestedFor: readonly Service[] = [];

  constructor(clock: Clock) {
    this.#ghosts = new Ghosts(clock);
  }

  /** When time alone will change the result, in `elapsed` time; an update after that includes the change. */
  get dueAt(): number | undefined {
    return this.#ghosts.dueAt;
  }

  /** Merges what the sources say now. */
  update(contributions: readonly Contribution[]): Merged {
    const claims = contributions.flatMap((contribution) => contribution.claims);
    const { gone, fresh } = changesOf(this.#claims, claims);
    this.#claims = claims;
    const due = this.#ghosts.takeDue().map(placeTie);
    if (gone.length + fresh.length + due.length > 0) this.#change(gone, fresh, due);
    const problems = contributions.flatMap((contribution) => contribution.problems);
    const sourceHealth: Record<string, SaidHealth> = {};
    const { services, routes } = this.#topology;
    const names = new Set(services.map(({ name }) => name));
    for (const { part } of this.#islands) {
      Object.assign(sourceHealth, part.sourceHealth);
      problems.push(...part.problems);
      for (const fallback of part.fallbacks)
        if (!names.has(fallback.to)) problems.push(this.#suggest(fallback, names));
    }
    return { services, routes, sourceHealth, problems: boundProblems(problems, MAX_PROBLEMS) };
  }

  /** The problem of a fallback to a missing service, with the name that was probably meant. */
  #suggest({ from, to, problem }: ServiceFallback, names: ReadonlySet<string>): Problem {
    if (this.#suggestedFor !== this.#topology.services) this.#suggestions.clear();
    this.#suggestedFor = this.#topology.services;
    const key = JSON.stringify([from, to]);
    if (!this.#suggestions.has(key) && this.#suggestions.size < MAX_SUGGESTIONS)
      this.#suggestions.set(key, didYouMean(to, othersThan(from, names)));
    const hint = this.#suggestions.get(key);
    return hint === undefined ? problem : { ...problem, hint };
  }

  /** @param due ties of islands that must be merged anew, because time has passed, though their claims are the same */
  #change(gone: readonly Claim[], fresh: readonly Claim[], due: readonly string[]): void {
    const stale = this.#staleIslands(gone, fresh, due);
    const parts = [...stale].map(({ part }) => part);
    const services = new Map(parts.flatMap((part) => part.services.map((one) => [one.name, one])));
    const routes = new Map(parts.flatMap((part) => part.routes.map((one) => [routeKey(one), one])));
    const owners = new Map([...routes].map(([key, { service }]) => [key, service]));
    const left = new Set(gone);
    const loose = new Set(fresh);
    for (const island of stale) {
      this.#islands.delete(island);
      for (const claim of island.claims) if (!left.has(claim)) loose.add(claim);
    }
    const added: Part[] = [];
    const sameRoute = makeRouteKeeper();
    for (const claim of loose) {
      const claims = this.#takeTied(claim, loose);
      const merged = mergeClaims(claims, owners);
      // Services and routes that are equal to those before stay the very same values.
      const part = {
        ...merged,
        services: merged.services.map((service) => same(services.get(service.name), service)),
        routes: this.#ghosts
          .mark(merged, routes)
          .map((route) => sameRoute(routes.get(routeKey(route)), route)),
      };
      const island = { claims, part };
      this.#islands.add(island);
      for (const member of claims) this.#islandOf.set(member, island);
      added.push(part);
    }
    const before = this.#topology;
    const [is, was] = [joined(added), joined(parts)];
    this.#topology = {
      services: replaced(before.services, was.services, is.services, compareServices),
      routes: replaced(before.routes, was.routes, is.routes, compareRoutes),
    };
  }

  /** The islands that changed claims were or will be part of. Also removes the ties of claims that are gone, and adds those of fresh ones. */
  #staleIslands(gone: readonly Claim[], fresh: readonly Claim[], due: readonly string[]): Set<Island> {
    const stale = new Set<Island>();
    for (const claim of gone) {
      const island = this.#islandOf.get(claim);
      if (island !== undefined) stale.add(island);
      this.#islandOf.delete(claim);
      for (const tie of tiesOf(claim)) this.#untie(tie, claim);
    }
    const ties = fresh.flatMap((claim) => tiesOf(claim).map((tie) => ({ tie, claim })));
    for (const tie of [...ties.map((one) => one.tie), ...due]) {
      // All claims with the same tie are on the same island, so the first one is enough.
      for (const other of this.#tied.get(tie) ?? []) {
        stale.add(this.#islandOf.get(other) as Island);
        break;
      }
    }
    for (const { tie, claim } of ties) {
      const others = this.#tied.get(tie);
      if (others === undefined) this.#tied.set(tie, new Set([claim]));
      else others.add(claim);
    }
    return stale;
  }

  #untie(tie: string, claim: Claim): void {
    const others = this.#tied.get(tie);
    others?.delete(claim);
    if (others?.size === 0) this.#tied.delete(tie);
  }

  /** Takes from the loose claims this claim and all that it is tied to. */
  #takeTied(claim: Claim, loose: Set<Claim>): Claim[] {
    loose.delete(claim);
    const found = [claim];
    const ties = new Set<string>();
    // The list grows while it is walked.
    for (const one of found) {
      for (const tie of tiesOf(one)) {
        // Often the first tie finds all claims, as where many claim the same thousand hosts; the rest need not be looked at.
        if (loose.size === 0) return found;
        if (ties.has(tie)) continue;
        ties.add(tie);
        for (const other of this.#tied.get(tie) ?? []) if (loose.delete(other)) found.push(other);
      }
    }
    return found;
  }
}

/** All names but this one: no service falls back to itself. */
function* othersThan(name: string, names: Iterable<string>): Generator<string> {
  for (const one of names) if (one !== name) yield one;
}

function same<T>(before: T | undefined, after: T): T {
  return before !== undefined && isDeepStrictEqual(before, after) ? before : after;
}

/** Like `same`, for routes: filters that many routes have in common are compared only once. */
function makeRouteKeeper(): (before: Route | undefined, after: Route) => Route {
  const kept = new Map<Route['filters'], Route['filters']>();
  return (before, after) => {
    const { filters } = after;
    if (before?.filters === undefined || filters === undefined) return same(before, after);
    if (!kept.has(filters)) kept.set(filters, same(before.filters, filters));
    return same(before, { ...after, filters: kept.get(filters) as readonly Filter[] });
  };
}

function joined(parts: readonly Part[]): Topology {
  return {
    services: parts.flatMap((part) => part.services),
    routes: parts.flatMap((part) => part.routes),
  };
}

/** A sorted list with the items of `was` replaced by those of `is`, in one walk. The same list if nothing changes. */
function replaced<T>(
  list: readonly T[],
  was: readonly T[],
  is: readonly T[],
  compare: (a: T, b: T) => number,
): readonly T[] {
  const gone = new Set(was);
  const fresh = is.filter((item) => !gone.delete(item)).sort(compare);
  if (gone.size === 0 && fresh.length === 0) return list;
  const result: T[] = [];
  let next = 0;
  for (const item of list) {
    if (gone.size > 0 && gone.delete(item)) continue;
    while (next < fresh.length && compare(fresh[next] as T, item) < 0) result.push(fresh[next++] as T);
    result.push(item);
  }
  return result.concat(fresh.slice(next));
}
