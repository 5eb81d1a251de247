import type { ServiceReport, Workload, WorkloadReport } from './control/discovery/workload.ts';
import { hostMatches, hostOf, pathMatches } from './data/routing/host.ts';
import { normalizePath } from './data/routing/path.ts';
import { RouteTable } from './data/routing/table.ts';
import { formatAddress } from './model/address.ts';
import type { Backend } from './model/backend.ts';
import { showDuration } from './model/duration.ts';
import { describeFilter, shownValue } from './model/filter.ts';
import { describeFlags, type Transition } from './model/health.ts';
import { PREFIX } from './model/keys/key.ts';
import { SERVICE_KEYS } from './model/keys/key-table.ts';
import { describeTls } from './model/keys/tls-keys.ts';
import { showFallbacks } from './model/keys/values.ts';
import { formatProblem } from './model/problem.ts';
import { type Route, routeName } from './model/route.ts';
import { containersOf, type Service } from './model/service.ts';
import type { Snapshot } from './model/snapshot.ts';
import { listFew, shorten } from './model/text.ts';
import { didYouMean } from './nearest.ts';

/** Returns the changes of a backend's health, the oldest first. */
export type History = (backendId: string) => readonly Transition[];

/** The most changes of health that are shown. */
const MAX_CHANGES = 5;

/** Explains what became of a workload, and why it does or does not get requests. */
export function explainWorkload(report: WorkloadReport, snapshot: Snapshot, history: History): string[] {
  const { workload, ignored, services, problems } = report;
  const lines = [
    `${workload.kind} ${workload.name} (${workload.image}, ${workload.id.slice(0, 12)}), ${workload.state}`,
  ];
  const labels = Object.entries(workload.labels).filter(([label]) => label.startsWith(PREFIX));
  if (labels.length > 0)
    lines.push(
      '  labels',
      ...labels.sort().map(([label, value]) => `    ${shorten(label)}=${shorten(shownLabel(label, value))}`),
    );
  // Problems that were found after the report was made.
  const later = snapshot.problems.filter(
    ({ source, subject }) =>
      subject === workload.name && services.some(({ claim }) => claim.origin.source === source),
  );
  const said = new Set(
    [...problems, ...later].map((problem) => `  ${problem.severity}: ${formatProblem(problem)}`),
  );
  lines.push(...said);
  if (ignored !== undefined) return [...lines, `  ignored: ${ignored}`];
  for (const service of services) lines.push(...explainServiceOf(service, workload, snapshot, history));
  if (services.length === 0) lines.push('  traffic: none, because nothing says which requests it wants');
  return lines;
}

/**
 * A label's value without what may be a secret: that of a header, whose name the label ends with, and credentials in a URL, with
 * which labels are refused.
 */
function shownLabel(label: string, value: string): string {
  const key = label.slice(PREFIX.length).replace(/^services\.[^.]*\./, '');
  return shownValue(key, value).replace(/\/\/[^/@]*@/g, '//…@');
}

function explainServiceOf(
  { name, claim, notes }: ServiceReport,
  { kind, state, isRunning }: Workload,
  snapshot: Snapshot,
  history: History,
): string[] {
  const lines: string[] = [];
  if (name !== '') lines.push(`  services.${shorten(name)}`);
  for (const note of notes) lines.push(`  ${note}`);
  const { serves } = claim;
  if (serves === undefined)
    return [
      ...lines,
      `  traffic: none, because ${isRunning ? 'of what is wrong above' : `the ${kind} is ${state}`}`,
    ];
  let isMember = false;
  for (const service of snapshot.services) {
    const backend = service.backends.find((candidate) => candidate.id === `${service.name}/${serves.key}`);
    if (backend === undefined || !belongs(service, claim, snapshot)) continue;
    isMember = true;
    lines.push(
      ...explainService(service, snapshot),
      ...explainBackend(service, backend, snapshot, history(backend.id)),
    );
  }
  if (!isMember) lines.push('  traffic: none yet, because no service has it');
  return lines;
}

/** Whether a service is one of a claim: it has the claim's name, or one of its routes. */
function belongs(service: Service, claim: ServiceReport['claim'], snapshot: Snapshot): boolean {
  if (claim.service !== undefined) return claim.service === service.name;
  return snapshot.routes.some(
    (route) =>
      route.service === service.name &&
      claim.routes.some(({ host, path }) => host === route.host && path === route.path),
  );
}

function explainService(service: Service, snapshot: Snapshot): string[] {
  const routes = snapshot.routes.filter((route) => route.service === service.name);
  const filters = routes[0]?.filters ?? [];
  const { health, retry, fallback } = service;
  const check =
    health.type === 'none'
      ? 'not checked'
      : `${health.type}${health.type === 'http' ? ` ${health.method} ${health.path}` : ''} each ${showDuration(health.intervalMs)}, rise ${health.rise}, fall ${health.fall}`;
  const balance = service.balance === 'hash' ? `hash by ${hashKeyOf(service)}` : service.balance;
  const summary = [
    balance,
    ...limitsOf(service),
    `health ${check}`,
    `${retry.attempts} retries`,
    `fallback ${fallback === undefined ? '503' : showFallbacks(fallback)}`,
  ];
  const changes = SERVICE_KEYS.changesIn(service);
  return [
    `  service ${service.name}: ${summary.join(', ')}`,
    ...(changes.length === 0 ? [] : [`  settings other than the defaults: ${changes.join(' ')}`]),
    `  routes: ${routes.length === 0 ? 'none' : routes.map(explainRoute).join(', ')}`,
    ...filters.flatMap(describeFilter).map((line) => `  filter: ${line}`),
  ];
}

/** Explains a service, or a part of its backends. */
export function explainGroup(service: Service, snapshot: Snapshot, history: History): string[] {
  return [
    ...explainService(service, snapshot),
    ...service.backends.flatMap((backend) => [
      `  backend ${backend.name} ${formatAddress(backend.address)}${backend.backup ? ' backup' : ''}, of ${backend.origin.name}`,
      ...explainBackend(service, backend, snapshot, history(backend.id)).map((line) => `  ${line}`),
    ]),
    ...whyNone(service),
    ...problemsOf(service, snapshot),
  ];
}

function whyNone({ backends, absence }: Service): string[] {
  if (backends.length > 0) return [];
  const none = '  no backends: its fallback answers, else 503';
  if (absence === undefined) return [none];
  const names = listFew(absence.names, 10);
  return [
    none,
    absence.removed === undefined
      ? `  none of its containers serves: ${names}`
      : `  its last container was removed: ${names}`,
  ];
}

/** The problems of the containers of a service, which may be why nothing serves. */
function problemsOf(service: Service, { problems }: Snapshot): string[] {
  const names = new Set(containersOf(service));
  const found = problems.filter(({ subject }) => names.has(subject));
  return found.slice(0, 10).map((problem) => `  ${problem.severity}: ${formatProblem(problem)}`);
}

function hashKeyOf({ hash }: Service): string {
  if (hash === undefined) return 'client';
  return 'name' in hash ? `${hash.by} ${hash.name}` : hash.by;
}

function explainRoute(route: Route): string {
  const said = [...(route.stripPrefix ? [removed(route)] : []), ...describeTls(route)];
  return routeName(route) + (said.length === 0 ? '' : ` (${said.join(', ')})`);
}

function removed({ path }: Route): string {
  return `${path} is removed before forwarding`;
}

function limitsOf({ backends }: Service): string[] {
  if (backends.every(({ maxConnections }) => maxConnections === undefined)) return [];
  const limits = backends.map(({ maxConnections }) => maxConnections ?? '∞');
  return [`at most ${limits.join(', ')} requests a backend`];
}

function explainBackend(
  service: Service,
  backend: Backend,
  snapshot: Snapshot,
  changes: readonly Transition[],
): string[] {
  const health = snapshot.health.get(backend.id);
  const flags = health?.flags ?? [];
  const since = health === undefined ? '' : ` since ${new Date(health.since).toISOString()}`;
  const state = describeFlags(flags);
  return [
    `  health: ${state}${since}${health?.reason ? ` (${health.reason})` : ''}`,
    // The latest change is the state in the line above.
    ...changes.slice(-1 - MAX_CHANGES, -1).map((change) => `    before: ${explainChange(change)}`),
    `  traffic: ${whyTraffic(service, backend, snapshot)}`,
  ];
}

function explainChange({ at, flags, reason }: Transition): string {
  const state = describeFlags(flags);
  return `${state} since ${new Date(at).toISOString()} (${reason})`;
}

function whyTraffic(service: Service, backend: Backend, snapshot: Snapshot): string {
  if (!snapshot.routes.some((route) => route.service === service.name))
    return `none, because no route leads to service ${service.name}`;
  if (backend.weight === 0)
    return `${service.sticky === undefined ? 'none' : 'only of clients that it has'}, because its weight ${backend.configuredWeight === undefined ? 'is' : 'was ordered to be'} 0`;
  const isAvailable = (candidate: Backend) =>
    candidate.weight > 0 && (snapshot.health.get(candidate.id)?.flags.length ?? 0) === 0;
  if (!isAvailable(backend))
    return `none, because it is ${describeFlags(snapshot.health.get(backend.id)?.flags ?? [])}`;
  const available = service.backends.filter(isAvailable);
  const primaries = available.filter((candidate) => !candidate.backup);
  if (backend.backup && primaries.length > 0)
    return 'none while a primary is available, because it is a backup';
  const peers = backend.backup ? available : primaries;
  const total = peers.reduce((sum, peer) => sum + peer.weight, 0);
  const share = Math.round((100 * backend.weight) / total);
  return `yes${backend.backup ? ', for no primary is available' : ''}, ${share} % (weight ${backend.weight} of ${total} among ${peers.length} available)`;
}

/** Explains which route a URL takes, and why. Undefined if the text is not a URL. */
export function explainUrl(text: string, snapshot: Snapshot): string[] | undefined {
  const found = routeUrl(text, snapshot);
  if (found === undefined) return undefined;
  const { host, path, entry } = found;
  if (path === undefined)
    return [`${text}: refused with 400, because its path can be understood in more than one way`];
  const fitting = snapshot.routes.filter(
    (route) => hostMatches(route.host, host) && pathMatches(route.path, path),
  );
  if (entry === undefined)
    return [`${text}: 404, because no route fits host ${host} and path ${path}`, ...known(snapshot, host)];
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
