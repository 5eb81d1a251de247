import type { AllowRule } from '../../model/allow.ts';
import type { Claim, ServingAddress } from '../../model/contribution.ts';
import { DEFAULTS, type Draft, makeDraft } from '../../model/keys/draft.ts';
import { PREFIX } from '../../model/keys/key.ts';
import { boundProblems, type Problem } from '../../model/problem.ts';
import { shorten } from '../../model/text.ts';
import { missingRoute, NO_ROUTE, prefixOf, routesOf } from './labels/complete.ts';
import { type ForeignLabel, foreignLabel, MOVING } from './labels/foreign.ts';
import { LABEL_LIMITS } from './labels/limits.ts';
import { type ParsedService, parseLabels } from './labels/parse-labels.ts';
import { judge, rulesAbout } from './labels/ruling.ts';
import type { SettingProblem } from './labels/setting-problem.ts';
import { programOf } from './program.ts';
import type { ServiceReport, Workload, WorkloadReport } from './workload.ts';

/** Where a service of a workload is reached. */
export interface Location {
  /** The address, and what the source knows of it; absent while the service is not reached. Labels say the rest. */
  readonly serves?: Pick<ServingAddress, 'key' | 'address' | 'caveat' | 'health'>;
  /** Why the service is not reached, or why its address may be wrong. */
  readonly problems: readonly SettingProblem[];
  /** Why this address and this port were chosen. */
  readonly notes: readonly string[];
}

/** What the report of a workload depends on besides the workload. */
export interface WorkloadContext {
  readonly source: string;
  /** The rules on who may claim what; without any rule everyone may claim everything. */
  readonly allow: readonly AllowRule[];
  /** Names of the networks that the workload is on. */
  readonly networks: readonly string[];
  /** Problems of labels that were left out of the workload's. */
  readonly refused: readonly SettingProblem[];
  /** Finds the address of a service that the labels ask for. */
  readonly locate: (service: ParsedService) => Location;
}

/** Reads the labels of a workload of any kind: what it claims, and what stands in the way. A pure function if `locate` is one. */
export function reportWorkload(workload: Workload, context: WorkloadContext): WorkloadReport {
  const { allow, networks, refused } = context;
  const parsed = parseLabels(workload.labels, refused);
  const problems = parsed.problems.map((problem) => toProblem(problem, workload, context));
  if (!parsed.isEnabled) {
    const isOff = workload.labels[`${PREFIX}enable`] !== undefined;
    const other = isOff ? undefined : foreignLabel(workload.labels);
    return {
      workload,
      ignored: isOff ? 'fairlead.enable is false' : `it has no fairlead label${insteadOf(other)}`,
      ...(other !== undefined && { foreign: other.proxy }),
      services: [],
      problems: boundProblems(problems, LABEL_LIMITS.problems),
    };
  }
  const rules = rulesAbout(allow, { ...workload, networks });
  // Mistakes in its labels are not ours to report: they may be meant for another Fairlead on this Engine.
  if (allow.length > 0 && rules.length === 0)
    return { workload, ignored: 'no allow rule is about it', services: [], problems: [] };
  if (parsed.services.length === 0) {
    problems.push(toProblem({ severity: 'error', key: `${PREFIX}enable`, ...NO_ROUTE }, workload, context));
  }
  const services = parsed.services.map((service) =>
    reportService(service, workload, context, rules, problems),
  );
  return { workload, services, problems: boundProblems(problems, LABEL_LIMITS.problems) };
}

function insteadOf(other: ForeignLabel | undefined): string {
  return other === undefined ? '' : `, but one of ${other.proxy} (${shorten(other.label)}): see ${MOVING}`;
}

/** @param problems a list to which the problems of the service are added */
function reportService(
  service: ParsedService,
  workload: Workload,
  context: WorkloadContext,
  rules: readonly AllowRule[],
  problems: Problem[],
): ServiceReport {
  const ruling = rules.length === 0 ? undefined : judge(service, rules);
  const found = [...service.problems, ...(ruling?.problems ?? [])];
  const missing = missingRoute(service);
  if (missing !== undefined) found.push(missing);
  const isRefused = found.some((problem) => problem.severity === 'error');
  const location = context.locate(service);
  found.push(...location.problems.map((problem) => ofService(service, problem)));
  problems.push(...found.map((problem) => toProblem(problem, workload, context)));
  // A service that the rules refuse is not even remembered: its claim has no routes.
  const draft = (ruling?.problems.length ?? 0) > 0 ? makeDraft() : service.draft;
  const claim = makeClaim(draft, workload, context, isRefused, servingAddress(service, workload, location));
  return { name: service.name, claim, notes: [...location.notes, ...(ruling?.notes ?? [])] };
}

/** Rewrites `fairlead.KEY` in a problem to `fairlead.services.NAME.KEY` if the problem is about a named service. */
function ofService({ name }: ParsedService, { key, hint = '', ...rest }: SettingProblem): SettingProblem {
  const named = (text: string) => text.replaceAll(PREFIX, prefixOf(name));
  return { ...rest, key: named(key), hint: named(hint) };
}

function servingAddress(
  { draft }: ParsedService,
  { name }: Workload,
  { serves }: Location,
): ServingAddress | undefined {
  if (serves === undefined) return undefined;
  const { key, address, caveat, health } = serves;
  const { weight, backup, maxConnections } = { ...DEFAULTS.backend, ...draft.backend };
  return {
    name,
    key,
    address,
    weight,
    backup,
    ...(maxConnections !== undefined && { maxConnections }),
    ...(caveat !== undefined && { caveat }),
    ...(health && { health }),
  };
}

function makeClaim(
  draft: Draft,
  workload: Workload,
  { source }: WorkloadContext,
  isRefused: boolean,
  serves: ServingAddress | undefined,
): Claim {
  const { name, image, containerId, createdAt } = workload;
  const program = programOf(workload);
  return {
    origin: { source, name, ...(containerId !== undefined && { containerId }), image },
    ...(draft.backend.service !== undefined && { service: draft.backend.service }),
    routes: routesOf(draft),
    // The settings of a refused service must not decide anything for others, but its host stays known.
    settings: isRefused ? {} : draft.settings,
    ...(serves && !isRefused && { serves }),
    ...(program && { program }),
    createdAt,
  };
}

function toProblem(problem: SettingProblem, { name }: Workload, { source }: WorkloadContext): Problem {
  return {
    severity: problem.severity,
    source,
    subject: name,
    where: problem.key,
    message: problem.message,
    ...(problem.hint !== undefined && { hint: problem.hint }),
  };
}
