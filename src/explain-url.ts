import { hostMatches, hostOf, pathMatches } from './data/routing/host.ts';
import { normalizePath } from './data/routing/path.ts';
import { RouteTable } from './data/routing/table.ts';
import { explainService, problemsOf, removed, whyNone } from './explain.ts';
import { formatAddress } from './model/address.ts';
import { describeFlags } from './model/health.ts';
import { type Route, routeName } from './model/route.ts';
import type { Snapshot } from './model/snapshot.ts';
import { listFew } from './model/text.ts';
import { didYouMean } from './nearest.ts';

/** Tells which certificate somebody is shown who asks for a host by https. */
export interface CertificateTeller {
  /** @param routedBy the host of its route, such as a wildcard */
  describe(host: string, routedBy: string | undefined): string;
}

/**
 * Explains which route a URL takes, and why. Undefined if the text is not a URL.
 * @param certificates of those who take requests by https
 */
export function explainUrl(
  text: string,
  snapshot: Snapshot,
  certificates?: CertificateTeller,
): string[] | undefined {
  const found = routeUrl(text, snapshot);
  if (found === undefined) return undefined;
  const { host, path, entry } = found;
  if (path === undefined)
    return [`${text}: refused with 400, because its path can be understood in more than one way`];
  const fitting = snapshot.routes.filter(
    (route) => hostMatches(route.host, host) && pathMatches(route.path, path),
  );
  if (entry === undefined)
    return [
      `${text}: 404, because no route fits host ${host} and path ${path}`,
      ...tlsLines(host, undefined, certificates),
      ...known(snapshot, host),
    ];
  const lines = [
    `${text}: route ${routeName(entry.route)} → service ${entry.service.name}`,
    `  because ${why(entry.route, fitting)}`,
  ];
  for (const other of fitting) {
    if (other !== entry.route)
      lines.push(
        `  also fits: ${routeName(other)} (priority ${other.priority}) → ${other.service}${other.ghost === undefined ? '' : ', where nothing serves'}`,
      );
  }
  if (entry.route.stripPrefix) lines.push(`  ${removed(entry.route)}`);
  lines.push(...tlsLines(host, entry.route, certificates));
  lines.push(...explainService(entry.service, snapshot));
  for (const backend of entry.service.backends) {
    const flags = snapshot.health.get(backend.id)?.flags ?? [];
    const reason = snapshot.health.get(backend.id)?.reason ?? '';
    const well = backend.weight === 0 ? 'weight 0' : 'available';
    const state = flags.length === 0 ? well : `${describeFlags(flags)} (${reason})`;
    lines.push(
      `  backend ${backend.name} ${formatAddress(backend.address)}${backend.backup ? ' backup' : ''}: ${state}`,
    );
  }
  return [...lines, ...whyNone(entry.service), ...problemsOf(entry.service, snapshot)];
}

function tlsLines(host: string, route: Route | undefined, certificates?: CertificateTeller): string[] {
  return certificates === undefined ? [] : [`  ${certificates.describe(host, route?.host)}`];
}

/** Whether a URL has a route that is no ghost. */
export function isUrlRouted(text: string, snapshot: Snapshot): boolean {
  const entry = routeUrl(text, snapshot)?.entry;
  return entry !== undefined && entry.route.ghost === undefined;
}

/** The host, path and route of a URL; the path is undefined if it can be understood in more than one way. */
function routeUrl(text: string, snapshot: Snapshot) {
  const match = /^(?:https?:\/\/)?([^/?#]+)([^?#]*)/i.exec(text);
  if (match === null) return undefined;
  const [, authority = '', rawPath = ''] = match;
  const host = hostOf(authority);
  const path = normalizePath(rawPath === '' ? '/' : rawPath);
  if (path === undefined) return { host, path, entry: undefined };
  const table = new RouteTable(snapshot.routes, (name) =>
    snapshot.services.find((service) => service.name === name),
  );
  return { host, path, entry: table.match(authority, path) };
}

function why(route: Route, all: readonly Route[]): string {
  if (route.ghost === 'old') return 'nothing serves at any that fits';
  const fitting = all.filter(({ ghost }) => ghost !== 'old');
  if (fitting.length === 1) return 'it is the only one that fits';
  if (route.ghost === 'new') return 'what served there ended a moment ago, and may come back';
  if (route.priority !== 0 || fitting.some((other) => other.priority < route.priority))
    return `its priority is the highest (${route.priority})`;
  const sameHost = fitting.filter((other) => other.host === route.host);
  if (sameHost.length > 1) return `of the routes of host ${route.host} its path is the longest that fits`;
  return `its host ${route.host} is the most specific that fits`;
}

function known({ routes }: Snapshot, host: string): string[] {
  if (routes.length === 0) return ['  there are no routes'];
  const others = new Set(routes.map((route) => route.host));
  // If the host has a route, only the path is wrong, so the host must not suggest itself.
  others.delete(host);
  const meant = didYouMean(host, others);
  return [
    ...(meant === undefined ? [] : [`  ${meant}`]),
    `  known routes: ${listFew(routes.map(routeName), 10)}`,
  ];
}
