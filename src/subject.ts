import { nearest } from './config/suggest.ts';
import type { ContainerReport } from './control/discovery/docker/claims.ts';
import { explainContainer, explainGroup, explainUrl, type History, isUrlRouted } from './explain.ts';
import { formatAddress } from './model/address.ts';
import type { Backend } from './model/backend.ts';
import type { SourceStatus } from './model/contribution.ts';
import type { Explanation, Unexplained } from './model/explanation.ts';
import type { Service } from './model/service.ts';
import type { Snapshot } from './model/snapshot.ts';
import { shorten } from './model/text.ts';

/** A shorter beginning of an id could mean too many. */
const SHORTEST_ID = 3;

/**
 * What is known of a container (by its name or the beginning of its id), a service, a backend or a URL. Where a source
 * is not heard that is said first: what it knows may be missing.
 * @param unheard names of sources that have said nothing at all yet
 */
export function explainSubject(
  subject: string,
  reports: readonly ContainerReport[],
  snapshot: Snapshot,
  history: History = () => [],
  unheard: readonly string[] = [],
): Explanation | Unexplained {
  const lost = [
    ...snapshot.sources.filter((source) => !source.connected).map(whyLost),
    ...unheard.map((name) => `${name}: it has not answered yet`),
  ];
  const found = find(subject, reports, snapshot, history);
  if (found !== undefined) return { ...found, lines: [...lost, ...found.lines] };
  const named = shorten(subject);
  if (lost.length > 0)
    return { error: `cannot say whether there is a container ${named}: ${lost.join('; ')}` };
  const meant = nearest(subject, known(reports, snapshot));
  const hint = meant === undefined ? 'a URL looks like http://shop.localhost/path' : `did you mean ${meant}?`;
  return { error: `there is no container or service ${named}; ${hint}` };
}

/** What may be asked for: containers, services, backends and hosts. */
function known(reports: readonly ContainerReport[], { services, routes }: Snapshot): Set<string> {
  const backends = services.flatMap((service) => service.backends);
  return new Set([
    ...reports.map(({ container }) => container.name),
    ...backends.map(({ origin }) => origin.name),
    ...services.map(({ name }) => name),
    ...backends.map(({ name }) => name),
    ...routes.map(({ host }) => host),
  ]);
}

function find(
  subject: string,
  reports: readonly ContainerReport[],
  snapshot: Snapshot,
  history: History,
): Explanation | undefined {
  const report =
    reports.find(({ container }) => container.name === subject) ??
    (subject.length >= SHORTEST_ID
      ? reports.find(({ container }) => container.id.startsWith(subject))
      : undefined);
  if (report !== undefined) {
    const { id } = report.container;
    const isRouted = routed(snapshot, ({ origin }) => origin.containerId === id);
    return { lines: explainContainer(report, snapshot, history), isRouted };
  }
  const isUrl = /[./:*]/.test(subject) || subject === 'localhost';
  const service = snapshot.services.find(({ name }) => name === subject);
  // Where nobody names it a service is called like its route: as a URL that says more.
  if (service !== undefined && !isUrl) return group([service], snapshot, history);
  const isMeant = ({ name, address }: Backend) => name === subject || formatAddress(address) === subject;
  const serving = snapshot.services.flatMap((one) => {
    const backends = one.backends.filter(isMeant);
    return backends.length === 0 ? [] : [{ ...one, backends }];
  });
  if (serving.length > 0) return group(serving, snapshot, history);
  const lines = isUrl ? explainUrl(subject, snapshot) : undefined;
  return lines && { lines, isRouted: isUrlRouted(subject, snapshot) };
}

function group(services: readonly Service[], snapshot: Snapshot, history: History): Explanation {
  const names = new Set(services.map(({ name }) => name));
  return {
    lines: services.flatMap((service) => explainGroup(service, snapshot, history)),
    isRouted: snapshot.routes.some((route) => names.has(route.service) && route.ghost === undefined),
  };
}

function routed(snapshot: Snapshot, isMeant: (backend: Backend) => boolean): boolean {
  const services = snapshot.services.filter(({ backends }) => backends.some(isMeant));
  return services.some(({ name }) =>
    snapshot.routes.some((route) => route.service === name && route.ghost === undefined),
  );
}

function whyLost({ name, error }: SourceStatus): string {
  return `${name}: ${error ?? 'it has not answered yet'}`;
}
