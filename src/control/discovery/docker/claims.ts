import type { AllowRule } from '../../../model/allow.ts';
import type { ContainerFilter } from '../../../model/container-filter.ts';
import type { HealthFlag } from '../../../model/health.ts';
import { PREFIX } from '../../../model/keys/key.ts';
import { listFew } from '../../../model/text.ts';
import { prefixOf } from '../labels/complete.ts';
import type { ParsedService } from '../labels/parse-labels.ts';
import { type Claimant, fits } from '../labels/ruling.ts';
import type { SettingProblem } from '../labels/setting-problem.ts';
import { type Location, reportWorkload } from '../report.ts';
import type { Workload, WorkloadReport } from '../workload.ts';
import { type Container, isOneOff } from './container.ts';
import { type Located, locate, type Reach } from './reach.ts';
import { networkOwner, withNetworkOf } from './shared-network.ts';

/** What the reports of all containers have in common. */
export interface ReportContext {
  readonly source: string;
  readonly reach: Reach;
  /** The container with that id, if there is one. */
  readonly find: (id: string) => Container | undefined;
  /** The name of the signal that told a container to stop, by container id. */
  readonly stopping: ReadonlyMap<string, string>;
  /** How often a container has ended while this process watched, by container id. */
  readonly deaths: ReadonlyMap<string, number>;
  /** The rules on who may claim what; without any rule everyone may claim everything. */
  readonly allow: readonly AllowRule[];
  /** The container filters, all of which a container must pass to be looked at. */
  readonly filters?: readonly ContainerFilter[];
}

/** Reads a container: its labels, where it is reached, and what stands in the way. A pure function. */
export function reportContainer(container: Container, context: ReportContext): WorkloadReport {
  const workload = workloadOf(container);
  const ignored = whyIgnored(container, context);
  if (ignored !== undefined) return { workload, ignored, services: [], problems: [] };
  const { source, allow } = context;
  return reportWorkload(workload, {
    source,
    allow,
    networks: container.networks.map((network) => network.name),
    refused: container.refused,
    locate: (service) => locationOf(service, container, context),
  });
}

/** A container as a workload, as reports and `explain` show it. */
export function workloadOf({ id, name, image, labels, state, createdAt }: Container): Workload {
  const isRunning = state === 'running' || state === 'paused';
  return { kind: 'container', id, name, image, labels, state, isRunning, createdAt, containerId: id };
}

function whyIgnored(container: Container, { reach, filters = [] }: ReportContext): string | undefined {
  if (reach.kind === 'container' && reach.self.id === container.id) return 'it is Fairlead itself';
  if (isOneOff(container)) return 'it is a one-off of docker compose run';
  const claimant = claimantOf(container);
  const against = filters.find(({ kind, pattern, isNot }) => fits(kind, pattern, claimant) === isNot);
  return against && `excluded by --docker-filter ${against.text}`;
}

function claimantOf({ name, image, labels, networks }: Container): Claimant {
  return { name, image, labels, networks: networks.map((network) => network.name) };
}

function locationOf(service: ParsedService, container: Container, context: ReportContext): Location {
  const owner = networkOwner(container, context.find);
  const connected = 'message' in owner ? container : withNetworkOf(container, owner);
  const located = 'message' in owner ? owner : locate(connected, service.draft.backend, context.reach);
  const isRunning = container.state === 'running' || container.state === 'paused';
  if ('message' in located) {
    const { label, ...obstacle } = located;
    // Only a running container is expected to have an address.
    return { problems: isRunning ? [{ severity: 'error', key: label, ...obstacle }] : [], notes: [] };
  }
  const { notes } = located;
  if (!isRunning) return { problems: [], notes };
  return {
    serves: servingAddress(service, connected, context, located),
    problems: cautions(service, connected, located),
    notes,
  };
}

/** Notices about an address that may be wrong. */
function cautions(
  { draft }: ParsedService,
  { ports }: Container,
  located: Extract<Located, { port: number }>,
): SettingProblem[] {
  const found: SettingProblem[] = [];
  if (ports.length > 1 && draft.backend.port === undefined) {
    const message = `the container exposes ${listFew(ports)}: the lowest was taken`;
    const hint = `say fairlead.port=${located.port} if that is right`;
    found.push({ severity: 'notice', key: `${PREFIX}port`, message, hint });
  }
  const { label, ...caveat } = located.caveat ?? { label: '' };
  if ('message' in caveat) found.push({ severity: 'notice', key: label, ...caveat });
  return found;
}

function servingAddress(
  service: ParsedService,
  container: Container,
  context: ReportContext,
  { address, port }: Extract<Located, { port: number }>,
): NonNullable<Location['serves']> {
  const health = healthOf(container, context.stopping);
  const deaths = context.deaths.get(container.id);
  const caveat = caveatOfPort(service, container, port);
  return {
    key: `${container.id.slice(0, 12)}${deaths === undefined ? '' : `~${deaths}`}:${port}`,
    address,
    ...(caveat !== undefined && { caveat }),
    ...(health && { health }),
  };
}

/** Why the port may be the wrong one; shown if nothing answers there. */
function caveatOfPort(
  { name, draft }: ParsedService,
  { ports }: Container,
  port: number,
): string | undefined {
  const label = `${prefixOf(name)}port`;
  if (draft.backend.port === undefined)
    return ports.length > 1
      ? `of the ports ${listFew(ports)} the lowest was taken, ${label} names another`
      : undefined;
  return ports.length === 0 || ports.includes(port)
    ? undefined
    : `the container exposes ${listFew(ports)}, ${label} says ${port}`;
}

/** What Docker says against the container's health; undefined if nothing. */
function healthOf(
  container: Container,
  stopping: ReadonlyMap<string, string>,
): { flags: readonly HealthFlag[]; reason: string } | undefined {
  const signal = stopping.get(container.id);
  if (signal !== undefined) return { flags: ['Draining'], reason: `the container was sent ${signal}` };
  if (container.state === 'paused') return { flags: ['FailedCheck'], reason: 'the container is paused' };
  if (container.health === 'starting') return { flags: ['Pending'], reason: 'its HEALTHCHECK is starting' };
  if (container.health === 'unhealthy') return { flags: ['FailedCheck'], reason: 'its HEALTHCHECK fails' };
  return undefined;
}
