import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { routeKey } from '../../src/control/claim-groups.ts';
import { KEEPS_PLACE_MS } from '../../src/control/ghosts.ts';
import { IncrementalMerge } from '../../src/control/incremental-merge.ts';
import { mergeClaims } from '../../src/control/merge.ts';
import type { Claim } from '../../src/model/contribution.ts';
import { formatProblem, type Problem } from '../../src/model/problem.ts';
import type { Route } from '../../src/model/route.ts';
import { didYouMean } from '../../src/nearest.ts';
import { type ClaimParts, makeClaim, makeContribution } from '../support/claims.ts';
import { FakeClock } from '../support/clock.ts';

const sorted = (problems: readonly Problem[]) => problems.map(formatProblem).sort();

/** All claims merged in one piece. */
function fromScratch(claims: readonly Claim[], before: readonly Route[]) {
  const owners = new Map(before.map((route) => [routeKey(route), route.service]));
  const { services, routes, sourceHealth, problems, fallbacks, lifeless } = mergeClaims(claims, owners);
  const names = services.map(({ name }) => name);
  const missing = fallbacks
    .filter(({ to }) => !names.includes(to))
    .map(({ from, to, problem }) => {
      const others = names.filter((name) => name !== from);
      const hint = didYouMean(to, others);
      return { ...problem, ...(hint && { hint }) };
    });
  return { services, routes, sourceHealth, problems: sorted([...problems, ...missing]), lifeless };
}

/** The definition of ghosts, step by step: since when each route lacks what served there, if it keeps its place. */
class PlainGhosts {
  #living = new Set<string>();
  #lost = new Map<string, number>();

  mark(routes: readonly Route[], lifeless: ReadonlySet<string>, now: number): Route[] {
    const lives = (route: Route) => !lifeless.has(route.service);
    const lost = new Map<string, number>();
    const marked = routes.map((route): Route => {
      if (lives(route)) return route;
      const key = routeKey(route);
      const at = this.#living.has(key) ? now : this.#lost.get(key);
      const isServedByOthers = routes.some(
        (other) => lives(other) && other.host === route.host && other.path === route.path,
      );
      if (at === undefined || now - at >= KEEPS_PLACE_MS || isServedByOthers)
        return { ...route, ghost: 'old' };
      lost.set(key, at);
      return { ...route, ghost: 'new' };
    });
    this.#living = new Set(routes.filter(lives).map(routeKey));
    this.#lost = lost;
    return marked;
  }
}

const parts: fc.Arbitrary<ClaimParts> = fc
  .record({
    hosts: fc.subarray(['a.org', 'b.org', 'c.org', '*.org']),
    path: fc.constantFrom('/', '/', '/api'),
    priority: fc.constantFrom(0, 0, 0, 5),
    stripPrefix: fc.boolean(),
    service: fc.constantFrom(undefined, undefined, 'a.org', 'b.org/api', 'named', 'other'),
    serves: fc.boolean(),
    isGone: fc.constantFrom(false, false, true),
    createdAt: fc.nat(3),
    weight: fc.nat(1),
    balance: fc.constantFrom('random' as const, 'round-robin' as const, undefined),
    fallback: fc.constantFrom(undefined, 'named', 'a.org'),
    team: fc.constantFrom(undefined, undefined, 'blue', 'red'),
    isIll: fc.boolean(),
    repository: fc.constantFrom('nginx', 'wordpress', 'nginx'),
    deployedAs: fc.constantFrom('shop/web', 'shop/blog', 'wiki/web'),
  })
  .map(({ service, balance, fallback, team, isIll, isGone, serves, repository, deployedAs, ...rest }) => ({
    ...rest,
    ...(service && { service }),
    program: { repository, deployedAs },
    ...(isIll && { health: { flags: ['Draining' as const], reason: 'as the test says' } }),
    // What is only remembered never serves.
    isGone,
    serves: serves && !isGone,
    settings: {
      ...(balance && { balance }),
      ...(fallback && { fallback: [{ kind: 'service' as const, service: fallback }] }),
      ...(team && { headers: { request: { 'X-Team': team } } }),
    },
  }));

/** What happens to one of a few containers: it is there now, as this, or it is removed. */
const step = fc.record({
  name: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5', 'k6'),
  parts: fc.option(parts, { nil: undefined, freq: 4 }),
  isEdited: fc.boolean(),
});

const turn = fc.record({
  steps: fc.array(step, { maxLength: 3 }),
  ms: fc.constantFrom(0, 1, 15_000, 29_999, 30_000),
});

t.test('after any sequence of changes the topology is what a merge of everything makes', async () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 12 }), (turns) => {
      const clock = new FakeClock();
      const merge = new IncrementalMerge(clock);
      const ghosts = new PlainGhosts();
      const claims = new Map<string, Claim>();
      let before: readonly Route[] = [];
      for (const { steps, ms } of turns) {
        clock.skip(ms);
        for (const { name, parts, isEdited } of steps) {
          // In its place or at the end: the order of claims does not matter.
          if (!isEdited || parts === undefined) claims.delete(name);
          if (parts !== undefined) claims.set(name, makeClaim(name, parts));
        }
        const all = [...claims.values()];
        const half = all.length >> 1;
        const contributions = [
          makeContribution(all.slice(0, half)),
          makeContribution(all.slice(half), [], 'file'),
        ];
        const { problems, ...merged } = merge.update(contributions);
        const { lifeless, ...whole } = fromScratch(all, before);
        const routes = ghosts.mark(whole.routes, lifeless, clock.elapsed());
        deepStrictEqual({ ...merged, problems: sorted(problems) }, { ...whole, routes });
        before = merged.routes;
      }
    }),
    { numRuns: 2_000, seed: 4 },
  );
});

t.test('what a change does not concern stays the very same', async (t) => {
  const merge = new IncrementalMerge(new FakeClock());
  const claims = ['a', 'b', 'c'].map((name) =>
    makeClaim(name, { service: name, hosts: [`${name}.org`, `www.${name}.org`] }),
  );
  const before = merge.update([makeContribution(claims)]);
  const more = makeClaim('b2', { service: 'b', hosts: ['www.b.org', 'b.org'] });
  const after = merge.update([makeContribution([...claims, more])]);
  t.strictSame(
    after.services.map((service, i) => service === before.services[i]),
    [true, false, true],
  );
  t.equal(after.routes, before.routes, 'routes that come out as they were, too');
  t.equal(after.services[0], before.services[0]);
  const same = merge.update([makeContribution([...claims, more])]);
  t.equal(same.services, after.services);
});

t.test('two services become rivals, and strangers again, by one claim between them', async (t) => {
  const merge = new IncrementalMerge(new FakeClock());
  const owners = (...claims: Claim[]) => {
    const { routes, problems } = merge.update([makeContribution(claims)]);
    return [routes.map(({ host, service }) => `${host} ${service}`), problems.length];
  };
  const [a, b] = [
    makeClaim('a', { service: 'a', hosts: ['a.org'] }),
    makeClaim('b', { service: 'b', hosts: ['b.org'] }),
  ];
  const between = makeClaim('c', { service: 'b', hosts: ['a.org'], createdAt: 1 });
  t.strictSame(owners(a, b), [['a.org a', 'b.org b'], 0]);
  t.strictSame(owners(a, b, between), [['a.org a', 'b.org b'], 1]);
  t.strictSame(owners(b, between), [['a.org b', 'b.org b'], 0]);
  t.strictSame(owners(a, b, between), [['a.org b', 'b.org b'], 1], 'who has a route keeps it');
  t.strictSame(owners(a, b), [['a.org a', 'b.org b'], 0]);
});
