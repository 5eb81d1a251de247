import type { Claim } from '../model/contribution.ts';
import { routeName } from '../model/route.ts';
import { grouped, listFew, shorten } from '../model/text.ts';
import type { Group } from './claim-groups.ts';

/** The most programs that the message names. */
const MOST_NAMED = 5;

/** Containers of different programs serve one route, and no label says that this is meant. */
export interface Mixture {
  /** The newest claim of them. */
  readonly claim: Claim;
  readonly message: string;
  readonly hint: string;
}

/**
 * Finds what is most often a label that was copied by mistake: containers of different images and of different Compose
 * services share a route. A claim that names its service means it, and other tags of one image are a deployment.
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
