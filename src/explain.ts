import type { ServiceReport, Workload, WorkloadReport } from './control/discovery/workload.ts';
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

export function explainService(service: Service, snapshot: Snapshot): string[] {
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

export function whyNone({ backends, absence }: Service): string[] {
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
export function problemsOf(service: Service, { problems }: Snapshot): string[] {
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

export function removed({ path }: Route): string {
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
