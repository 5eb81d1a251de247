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

type AskingRoute = Pick<Route, 'host' | 'tls'>;

/** A host, and what its routes say together. */
interface Asking {
  readonly route: AskingRoute;
  /** One of them wants a certificate. */
  isWanted: boolean;
  /** One of them wants that of the internal authority. */
  isInternal: boolean;
}

/** The name of a host, and why the internal authority does not sign for it. */
interface Judged {
  readonly name: string | undefined;
  readonly why: string | undefined;
}

/** Routes stay the same values: of ten thousand only those are judged that are new. */
const JUDGED = new WeakMap<AskingRoute, Judged>();

function judge(route: AskingRoute): Judged {
  const known = JUDGED.get(route);
  if (known !== undefined) return known;
  const name = certifiedName(route.host);
  const judged = { name, why: name === undefined ? undefined : whyNotInternal(name) };
  JUDGED.set(route, judged);
  return judged;
}

/**
 * What is wanted of whom. Pure. Of the routes of a host one that wants a certificate is enough.
 * @param ownFor the pair of a file for exactly a name, or for all names beside it
 * @param advice where people put their own certificates
 */
export function wantedOf(
  routes: readonly AskingRoute[],
  ownFor: (name: string) => KeyPair | undefined,
  advice: string,
): Wanted {
  const internal = new Set([LOCAL_NAME]);
  const missing: Missing[] = [];
  for (const [host, { route, isWanted, isInternal }] of hostsOf(routes)) {
    const { name, why } = judge(route);
    if (!isWanted) missing.push({ host, why: 'tls=off', isMistake: false });
    else if (name === undefined)
      missing.push({ host, why: 'no certificate is for every name', isMistake: false });
    else {
      const own = ownFor(name);
      if (own !== undefined && !(isInternal && !own.names.includes(name))) continue;
      if (why === undefined) internal.add(name);
      else if (own === undefined || isInternal)
        missing.push({ host, why: `${why}: ${advice}`, isMistake: isInternal });
    }
  }
  return { internal: [...internal], missing };
}

function hostsOf(routes: readonly AskingRoute[]): Map<string, Asking> {
  const hosts = new Map<string, Asking>();
  for (const route of routes) {
    const known = hosts.get(route.host);
    const asking = known ?? { route, isWanted: false, isInternal: false };
    if (known === undefined) hosts.set(route.host, asking);
    if (route.tls !== 'off') asking.isWanted = true;
    if (route.tls === 'internal') asking.isInternal = true;
  }
  return hosts;
}
