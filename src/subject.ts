import type { Source } from './control/discovery/source.ts';
import type { Explained, WorkloadReport } from './control/discovery/workload.ts';
import { explainGroup, explainWorkload, type History } from './explain.ts';
import { type CertificateTeller, explainUrl, isUrlRouted } from './explain-url.ts';
import { formatAddress } from './model/address.ts';
import type { Backend } from './model/backend.ts';
import type { SourceStatus } from './model/contribution.ts';
import type { Explanation, Unexplained } from './model/explanation.ts';
import type { Service } from './model/service.ts';
import type { Snapshot } from './model/snapshot.ts';
import { shorten } from './model/text.ts';
import { nearest } from './nearest.ts';

/**
 * Explains a workload (by its name or the beginning of its id), a service, a backend or a URL. If a source was not heard,
 * that is said first, since what it knows is missing.
 * @param unheard the names of sources that were never heard
 * @param certificates of those who take requests by https
 */
export function explainSubject(
  subject: string,
  sources: readonly Pick<Source, 'explain'>[],
  snapshot: Snapshot,
  history: History = () => [],
  unheard: readonly string[] = [],
  certificates?: CertificateTeller,
): Explanation | Unexplained {
  const lost = [
    ...snapshot.sources.filter((source) => !source.connected).map(whyLost),
    ...unheard.map((name) => `${name}: it has not answered yet`),
  ];
  const explained = sources.flatMap((source) => source.explain?.(subject) ?? []);
  const found = find(subject, meant(subject, explained), snapshot, history, certificates);
  if (found !== undefined) return { ...found, lines: [...lost, ...found.lines] };
  const named = shorten(subject);
  if (lost.length > 0)
    return { error: `cannot say whether there is a container ${named}: ${lost.join('; ')}` };
  const near = nearest(subject, known(explained, snapshot));
  const hint = near === undefined ? 'a URL looks like http://shop.localhost/path' : `did you mean ${near}?`;
  return { error: `there is no container or service ${named}; ${hint}` };
}

/** The workloads that are meant: those of this name in any source, or else those whose id begins so. */
function meant(subject: string, explained: readonly Explained[]): readonly WorkloadReport[] {
  const reports = explained.flatMap((one) => one.reports);
  const named = reports.filter(({ workload }) => workload.name === subject);
  return named.length > 0 ? named : reports;
}

/** The names that may be asked for: of workloads, services, backends and hosts. */
function known(explained: readonly Explained[], { services, routes }: Snapshot): Set<string> {
  const backends = services.flatMap((service) => service.backends);
  return new Set([
    ...explained.flatMap(({ names }) => names),
    ...backends.map(({ origin }) => origin.name),
    ...services.map(({ name }) => name),
    ...backends.map(({ name }) => name),
    ...routes.map(({ host }) => host),
  ]);
}

function find(
  subject: string,
  reports: readonly WorkloadReport[],
  snapshot: Snapshot,
  history: History,
  certificates: CertificateTeller | undefined,
): Explanation | undefined {
  if (reports.length > 0)
    return {
      lines: reports.flatMap((report) => explainWorkload(report, snapshot, history)),
      isRouted: reports.some((report) => isRouted(report, snapshot)),
    };
  const isUrl = /[./:*]/.test(subject) || subject === 'localhost';
  const service = snapshot.services.find(({ name }) => name === subject);
  // A service without a name of its own is called like its route, and as a URL that explains more.
  if (service !== undefined && !isUrl) return group([service], snapshot, history);
  const isMeant = ({ name, address }: Backend) => name === subject || formatAddress(address) === subject;
  const serving = snapshot.services.flatMap((one) => {
    const backends = one.backends.filter(isMeant);
    return backends.length === 0 ? [] : [{ ...one, backends }];
  });
  if (serving.length > 0) return group(serving, snapshot, history);
  const lines = isUrl ? explainUrl(subject, snapshot, certificates) : undefined;
  return lines && { lines, isRouted: isUrlRouted(subject, snapshot) };
}

function group(services: readonly Service[], snapshot: Snapshot, history: History): Explanation {
  const names = new Set(services.map(({ name }) => name));
  return {
    lines: services.flatMap((service) => explainGroup(service, snapshot, history)),
    isRouted: snapshot.routes.some((route) => names.has(route.service) && route.ghost === undefined),
  };
}

/** Whether a route leads to a backend of the workload. */
function isRouted({ services }: WorkloadReport, snapshot: Snapshot): boolean {
  const keys = services.flatMap(({ claim }) => claim.serves?.key ?? []);
  const serving = snapshot.services.filter(({ name, backends }) =>
    keys.some((key) => backends.some(({ id }) => id === `${name}/${key}`)),
  );
  return serving.some(({ name }) =>
    snapshot.routes.some((route) => route.service === name && route.ghost === undefined),
  );
}

function whyLost({ name, error }: SourceStatus): string {
  return `${name}: ${error ?? 'it has not answered yet'}`;
}
