import type { KeyPair } from '../../model/keyring.ts';
import type { Route } from '../../model/route.ts';
import { certifiedName, whyNotInternal } from './names.ts';

/** What certificates the hosts of routes want that are in no file. */
export interface Wanted {
  /** Names that the internal authority signs for, each in a certificate of its own. */
  readonly internal: readonly string[];
  readonly missing: readonly Missing[];
}

/** A host that has no certificate, and why. */
export interface Missing {
  readonly host: string;
  readonly why: string;
  /** Somebody asked for what cannot be. */
  readonly isMistake: boolean;
}

/** The name by which people try things out always has a certificate. */
export const LOCAL_NAME = 'localhost';

/**
 * What is wanted of whom. Pure. Of the routes of a host one that wants a certificate is enough.
 * @param ownFor the pair of a file for exactly a name, or for all names beside it
 * @param advice where people put their own certificates
 */
export function wantedOf(
  routes: readonly Pick<Route, 'host' | 'tls'>[],
  ownFor: (name: string) => KeyPair | undefined,
  advice: string,
): Wanted {
  const internal = new Set([LOCAL_NAME]);
  const missing: Missing[] = [];
  for (const [host, all] of Map.groupBy(routes, (route) => route.host)) {
    const wishes = new Set(all.map(({ tls = 'auto' }) => tls));
    if (wishes.size === 1 && wishes.has('off')) {
      missing.push({ host, why: 'tls=off', isMistake: false });
      continue;
    }
    const name = certifiedName(host);
    if (name === undefined) {
      missing.push({ host, why: 'no certificate is for every name', isMistake: false });
      continue;
    }
    const own = ownFor(name);
    const isInternalWanted = wishes.has('internal');
    if (own !== undefined && !(isInternalWanted && !own.names.includes(name))) continue;
    const why = whyNotInternal(name);
    if (why === undefined) internal.add(name);
    else if (own === undefined || isInternalWanted)
      missing.push({ host, why: `${why}: ${advice}`, isMistake: isInternalWanted });
  }
  return { internal: [...internal], missing };
}
