import type { Claim } from '../model/contribution.ts';
import { routeName } from '../model/route.ts';
import { grouped, listFew, shorten } from '../model/text.ts';
import type { Group } from './groups.ts';

/** Programs that are named. */
const MOST_NAMED = 5;

/** That containers of different programs serve one route, and none of them says that it is meant. */
export interface Mixture {
  /** The newest of them. */
  readonly claim: Claim;
  readonly message: string;
  readonly hint: string;
}

/**
 * What most often is a label that was copied: containers of different images and different services of Compose that
 * share a route only because all claim it. Who names a service means it; other tags of one image are a deploy.
 */
export function mixtureOf({ claims, routes }: Group): Mixture | undefined {
  const mixed = claims.filter(({ program, service, serves }) => program && serves && service === undefined);
  const repositories = new Set(mixed.map(({ program }) => program?.repository));
  const deployments = new Set(mixed.map(({ program }) => program?.deployedAs));
  const [route] = routes.map(routeName).sort();
  const claim = mixed.at(-1);
  if (repositories.size < 2 || deployments.size < 2 || claim === undefined) return undefined;
  const [images, services] = [repositories, deployments].map(named);
  const message = `${route} is served by containers of ${grouped(repositories.size)} images: ${images} (Compose: ${services})`;
  const hint =
    'if that is not meant, one label is wrong; if it is, fairlead.service=NAME on all of them says so';
  return { claim, message, hint };
}

function named(names: ReadonlySet<string | undefined>): string {
  return listFew(
    [...names].sort().map((name = '') => shorten(name)),
    MOST_NAMED,
  );
}
