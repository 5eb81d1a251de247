import type { AllowRule } from '../../../model/allow.ts';
import type { ContainerFilter } from '../../../model/container-filter.ts';
import type { Claim, ServingAddress } from '../../../model/contribution.ts';
import type { HealthFlag } from '../../../model/health.ts';
import { boundProblems, type Problem } from '../../../model/problem.ts';
import { listFew, shorten } from '../../../model/text.ts';
import { type Claimant, fits, judge, rulesAbout } from '../labels/allow.ts';
import { missingRoute, NO_ROUTE, prefixOf } from '../labels/complete.ts';
import { type Draft, makeDraft } from '../labels/draft.ts';
import { type ForeignLabel, foreignLabel, MOVING } from '../labels/foreign.ts';
import { PREFIX, type SettingProblem } from '../labels/key.ts';
import { LABEL_LIMITS } from '../labels/limits.ts';
import { type ParsedService, parseLabels } from '../labels/parse.ts';
import { type Container, isOneOff } from './container.ts';
import { programOf } from './program.ts';
import { type Located, locate, type Reach } from './reach.ts';
import { networkOwner, withNetworkOf } from './shared-network.ts';

/** What became of one service of a container. */
export interface ServiceReport {
  /** The NAME of `services.NAME`; empty for the container's own. */
  readonly name: string;
  readonly claim: Claim;
  /** Why this address and this port. */
  readonly notes: readonly string[];
}

/** What became of a container: for `explain`, and what the source contributes. */
export interface ContainerReport {
  readonly container: Container;
  /** Why it is not looked at; absent when it is. */
  readonly ignored?: string;
  /** The other proxy whose labels it has, and none of ours. */
  readonly foreign?: string;
  readonly services: readonly ServiceReport[];
  readonly problems: readonly Problem[];
}

/** What the reports of all containers have in common. */
export interface ReportContext {
  readonly source: string;
  readonly reach: Reach;
  /** The container with that id, if there is one. */
  readonly find: (id: string) => Container | undefined;
  /** The signal that told a container to stop, by container id. */
  readonly stopping: ReadonlyMap<string, string>;
  /** How often a container has ended while we watched. */
  readonly deaths: ReadonlyMap<string, number>;
  /** Who may claim what; without any rule everyone may everything. */
  readonly allow: readonly AllowRule[];
  /** A container has to fit all of them to be looked at. */
  readonly filters?: readonly ContainerFilter[];
}

/** Reads a container: its labels, where it is reached, and what stands in the way. Pure. */
export function reportContainer(container: Container, context: ReportContext): ContainerReport {
  const ignored = whyIgnored(container, context);
  if (ignored !== undefined) return { container, ignored, services: [], problems: [] };
  const parsed = parseLabels(container.labels, container.refused);
  const problems = parsed.problems.map((problem) => toProblem(problem, container, context));
  if (!parsed.isEnabled) {
    const isOff = container.labels[`${PREFIX}enable`] !== undefined;
    const other = isOff ? undefined : foreignLabel(container.labels);
    return {
      container,
      ignored: isOff ? 'fairlead.enable is false' : `it has no fairlead label${insteadOf(other)}`,
      ...(other !== undefined && { foreign: other.proxy }),
      services: [],
      problems: boundProblems(problems, LABEL_LIMITS.problems),
    };
  }
  const rules = rulesAbout(context.allow, claimantOf(container));
  // Its mistakes are somebody else's business, such as that of another Fairlead on this Engine.
  if (context.allow.length > 0 && rules.length === 0)
    return { container, ignored: 'no allow rule is about it', services: [], problems: [] };
  if (parsed.services.length === 0) {
    problems.push(toProblem({ severity: 'error', key: `${PREFIX}enable`, ...NO_ROUTE }, container, context));
  }
  const services = parsed.services.map((service) =>
    reportService(service, container, context, rules, problems),
  );
  return { container, services, problems: boundProblems(problems, LABEL_LIMITS.problems) };
}

function insteadOf(other: ForeignLabel | undefined): string {
  return other === undefined ? '' : `, but one of ${other.proxy} (${shorten(other.label)}): see ${MOVING}`;
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

function reportService(
  service: ParsedService,
  container: Container,
  context: ReportContext,
  rules: readonly AllowRule[],
  problems: Problem[],
): ServiceReport {
  const verdict = rules.length === 0 ? undefined : judge(service, rules);
  const found = [...service.problems, ...(verdict?.problems ?? [])];
  const missing = missingRoute(service);
  if (missing !== undefined) found.push(missing);
  const isRefused = found.some((problem) => problem.severity === 'error');
  const owner = networkOwner(container, context.find);
  const connected = 'message' in owner ? container : withNetworkOf(container, owner);
  const located = 'message' in owner ? owner : locate(connected, service.draft, context.reach);
  const isRunning = container.state === 'running' || container.state === 'paused';
  // An address is only missed in a container that runs: a stopped one has none.
  if ('message' in located && isRunning)
    found.push(ofService(service, { severity: 'error', key: located.label, ...located }));
  if (!('message' in located) && isRunning)
    found.push(...doubts(service, connected, located).map((doubt) => ofService(service, doubt)));
  problems.push(...found.map((problem) => toProblem(problem, container, context)));
  const serves =
    isRefused || !isRunning || 'message' in located
      ? undefined
      : servingAddress(service, connected, context, located);
  // What it may not have it does not even keep known.
  const draft = (verdict?.problems.length ?? 0) > 0 ? makeDraft() : service.draft;
  const claim = makeClaim(draft, container, context, isRefused, serves);
  const notes = 'message' in located ? [] : located.notes;
  return { name: service.name, claim, notes: [...notes, ...(verdict?.notes ?? [])] };
}

/** What is said of `fairlead.KEY` is meant for `fairlead.services.NAME.KEY` where that is the service. */
function ofService({ name }: ParsedService, { key, hint = '', ...rest }: SettingProblem): SettingProblem {
  const named = (text: string) => text.replaceAll(PREFIX, prefixOf(name));
  return { ...rest, key: named(key), hint: named(hint) };
}

/** What speaks against an address that was found. */
function doubts(
  { draft }: ParsedService,
  { ports }: Container,
  located: Extract<Located, { port: number }>,
): SettingProblem[] {
  const found: SettingProblem[] = [];
  if (ports.length > 1 && draft.port === undefined) {
    const message = `the container exposes ${listFew(ports)}: the lowest was taken`;
    const hint = `say fairlead.port=${located.port} if that is right`;
    found.push({ severity: 'notice', key: `${PREFIX}port`, message, hint });
  }
  const { label, ...doubt } = located.doubt ?? { label: '' };
  if ('message' in doubt) found.push({ severity: 'notice', key: label, ...doubt });
  return found;
}

function makeClaim(
  draft: Draft,
  container: Container,
  context: ReportContext,
  isRefused: boolean,
  serves: ServingAddress | undefined,
): Claim {
  const program = programOf(container);
  const routes = (draft.host ?? []).map((host) => ({
    host,
    path: draft.path ?? '/',
    priority: draft.priority ?? 0,
    stripPrefix: draft.stripPrefix ?? false,
  }));
  return {
    origin: {
      source: context.source,
      name: container.name,
      containerId: container.id,
      image: container.image,
    },
    ...(draft.service !== undefined && { service: draft.service }),
    routes,
    // What is refused must not decide anything for others; its host stays known all the same.
    settings: isRefused ? {} : draft.settings,
    ...(serves && { serves }),
    ...(program && { program }),
    createdAt: container.createdAt,
  };
}

function servingAddress(
  service: ParsedService,
  container: Container,
  context: ReportContext,
  { address, port }: Extract<Located, { port: number }>,
): ServingAddress {
  const { draft } = service;
  const health = signalOf(container, context.stopping);
  const deaths = context.deaths.get(container.id);
  const doubt = doubtOfPort(service, container, port);
  return {
    name: container.name,
    key: `${container.id.slice(0, 12)}${deaths === undefined ? '' : `~${deaths}`}:${port}`,
    address,
    weight: draft.weight ?? 1,
    backup: draft.backup ?? false,
    ...(draft.maxConnections !== undefined && { maxConnections: draft.maxConnections }),
    ...(doubt !== undefined && { doubt }),
    ...(health && { health }),
  };
}

/** What is odd about the port, if nothing should answer there. */
function doubtOfPort({ name, draft }: ParsedService, { ports }: Container, port: number): string | undefined {
  const label = `${prefixOf(name)}port`;
  if (draft.port === undefined)
    return ports.length > 1
      ? `of the ports ${listFew(ports)} the lowest was taken, ${label} names another`
      : undefined;
  return ports.length === 0 || ports.includes(port)
    ? undefined
    : `the container exposes ${listFew(ports)}, ${label} says ${port}`;
}

/** What Docker says of the container's health, if it speaks against it. */
function signalOf(
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

function toProblem(problem: SettingProblem, container: Container, context: ReportContext): Problem {
  return {
    severity: problem.severity,
    source: context.source,
    subject: container.name,
    where: problem.key,
    message: problem.message,
    ...(problem.hint !== undefined && { hint: problem.hint }),
  };
}
