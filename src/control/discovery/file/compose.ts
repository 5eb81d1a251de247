import { basename, dirname, resolve } from 'node:path';
import { isMap, isScalar, isSeq, type Pair } from 'yaml';
import type { AllowRule } from '../../../model/allow.ts';
import { PREFIX } from '../../../model/keys/key.ts';
import type { Problem } from '../../../model/problem.ts';
import { routeName } from '../../../model/route.ts';
import { didYouMean } from '../../../nearest.ts';
import type { YamlText } from '../../../yaml-text.ts';
import { whyNoRedirect } from '../../https.ts';
import { hasPage, pagesOf } from '../../pages.ts';
import { fallbacksBeyond } from '../../within-border.ts';
import { missingRoute, NO_ROUTE, prefixOf, routesOf } from '../labels/complete.ts';
import { readLabels } from '../labels/limits.ts';
import { type ParsedService, parseLabels } from '../labels/parse-labels.ts';
import { type Claimant, judge, PROJECT_LABEL, rulesAbout, SERVICE_LABEL } from '../labels/ruling.ts';
import type { SettingProblem } from '../labels/setting-problem.ts';
import { textOf, YamlReading } from './yaml.ts';

/** What was found in the labels of a compose file. */
export interface ParsedCompose {
  /** The number of services with labels of ours. */
  readonly services: number;
  readonly problems: readonly Problem[];
}

type Env = Readonly<Record<string, string | undefined>>;

/** A compose file has services with an image or a build; a configuration file of ours has none. */
export function isComposeFile(text: string | YamlText): boolean {
  const reading = new YamlReading('compose', '', text);
  if (reading.errors.length > 0) return false;
  return reading
    .pairs(reading.get(reading.root, 'services'))
    .some(({ value }) => ['image', 'build'].some((key) => reading.get(value, key) !== undefined));
}

/**
 * Reads the labels of a compose file's services as `docker compose` would give them to containers.
 * @param allow the rules on who may claim what; without any rule everyone may claim everything
 * @param pages the names of the files in the folder of pages; pages are not checked without it
 */
export function parseComposeFile(
  path: string,
  text: string | YamlText,
  env: Env,
  allow: readonly AllowRule[] = [],
  pages?: ReadonlySet<string>,
): ParsedCompose {
  const reading = new YamlReading('compose', path, text);
  const problems = reading.errors;
  if (problems.length > 0) return { services: 0, problems };
  const file: ComposeFile = { reading, path, env, allow, pages, names: new Set(), fallbacks: [] };
  let services = 0;
  for (const item of reading.pairs(reading.get(reading.root, 'services'))) {
    if (checkService(file, item, problems)) services++;
  }
  for (const { service, key, node } of file.fallbacks) {
    if (file.names.has(service)) continue;
    const message = `${key} names service ${service}, which this file does not have`;
    const hint = didYouMean(service, file.names) ?? 'well, if another project or file has it';
    problems.push(reading.problem(node, message, hint, 'notice'));
  }
  return { services, problems };
}

interface ComposeFile {
  readonly reading: YamlReading;
  readonly path: string;
  readonly env: Env;
  readonly allow: readonly AllowRule[];
  readonly pages: ReadonlySet<string> | undefined;
  /** The services that containers of the file would make, and the services that they fall back to. */
  readonly names: Set<string>;
  readonly fallbacks: { readonly service: string; readonly key: string; readonly node: unknown }[];
}

/** Adds the problems of a service of the file; true if it has labels of ours. */
function checkService(file: ComposeFile, item: Pair, problems: Problem[]): boolean {
  const { reading, env } = file;
  const deploy = labelsOf(reading, reading.get(reading.get(item.value, 'deploy'), 'labels'), env);
  if (Object.keys(deploy.labels).some((label) => label.startsWith(PREFIX))) {
    const message = 'labels under deploy: belong to the Swarm service, not to its containers';
    problems.push(reading.problem(item.key, message, 'without Swarm put them under labels:', 'notice'));
  }
  const { labels, nodes } = labelsOf(reading, reading.get(item.value, 'labels'), env);
  const read = readLabels(labels);
  const parsed = parseLabels(read.labels, read.refused);
  const found = [...parsed.problems];
  if (parsed.isEnabled) {
    const rules = rulesAbout(file.allow, claimantOf(file, item, read.labels));
    for (const service of parsed.services) {
      found.push(...references(file, service, (key) => nodes.get(key) ?? item.key));
      const missing = missingRoute(service);
      const ruling = rules.length === 0 ? undefined : judge(service, rules);
      found.push(
        ...service.problems,
        ...(missing === undefined ? [] : [missing]),
        ...(ruling?.problems ?? []),
        ...fallbacksBeyond(service.draft.settings.fallback).map((message) => ({
          severity: 'notice' as const,
          key: `${prefixOf(service.name)}fallback`,
          message,
        })),
      );
    }
    if (file.allow.length > 0 && rules.length === 0)
      problems.push(
        reading.problem(item.key, 'no allow rule is about it: Fairlead would ignore it', undefined, 'notice'),
      );
    if (parsed.services.length === 0) found.push({ severity: 'error', key: `${PREFIX}enable`, ...NO_ROUTE });
  }
  for (const { severity, key, message, hint } of found)
    problems.push(reading.problem(nodes.get(key) ?? item.key, `${key} ${message}`, hint, severity));
  return parsed.isEnabled;
}

/** Notes which services the labels make and fall back to, and returns problems of labels without effect. */
function references(
  { names, fallbacks, pages }: ComposeFile,
  { name, draft }: ParsedService,
  nodeOf: (key: string) => unknown,
): SettingProblem[] {
  const prefix = prefixOf(name);
  if (draft.backend.service !== undefined) names.add(draft.backend.service);
  for (const route of routesOf(draft)) names.add(routeName(route));
  const key = `${prefix}fallback`;
  for (const one of draft.settings.fallback ?? [])
    if (one.kind === 'service') fallbacks.push({ service: one.service, key, node: nodeOf(key) });
  const notice = (key: string, message: string, hint?: string): SettingProblem => {
    return { severity: 'notice', key: prefix + key, message, ...(hint !== undefined && { hint }) };
  };
  const why = whyNoRedirect(draft, []);
  const redirects = why === undefined ? [] : [notice('redirect', why)];
  if (pages === undefined) return redirects;
  const missing = pagesOf(draft).filter(({ file }) => !hasPage(pages, file));
  return [
    ...redirects,
    ...missing.map(({ key, file }) =>
      notice(key, `names page ${file}, which is not there`, didYouMean(file, pages) ?? 'see pages'),
    ),
  ];
}

/** What allow rules would see of a container of the service, as far as the file tells. */
function claimantOf(
  { reading, path, env }: ComposeFile,
  item: Pair,
  labels: Readonly<Record<string, string>>,
): Claimant {
  const text = (node: unknown) => interpolate(textOf(reading.follow(node)) ?? '', env);
  const folder = basename(dirname(resolve(path)));
  const project =
    env['COMPOSE_PROJECT_NAME'] || text(reading.get(reading.root, 'name')) || projectName(folder);
  const service = textOf(item.key) ?? '';
  const networks = reading.get(item.value, 'networks');
  const named = isSeq(networks)
    ? networks.items.map(text)
    : reading.pairs(networks).map(({ key }) => text(key));
  const defined = reading.get(reading.root, 'networks');
  return {
    name: text(reading.get(item.value, 'container_name')) || `${project}-${service}-1`,
    image: text(reading.get(item.value, 'image')) || `${project}-${service}`,
    labels: { ...labels, [PROJECT_LABEL]: project, [SERVICE_LABEL]: service },
    networks: (named.length === 0 ? ['default'] : named).map((network) => {
      const definition = reading.get(defined, network);
      const isExternal = text(reading.get(definition, 'external')) === 'true';
      return text(reading.get(definition, 'name')) || (isExternal ? network : `${project}_${network}`);
    }),
  };
}

/** The name that Compose gives a project, made of the name of its folder. */
function projectName(folder: string): string {
  return folder
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}

/** Reads labels, which are a map or a list of `key=value`; with the node of each. */
function labelsOf(
  reading: YamlReading,
  node: unknown,
  env: Env,
): { labels: Record<string, string>; nodes: Map<string, unknown> } {
  const labels: Record<string, string> = {};
  const nodes = new Map<string, unknown>();
  const add = (key: string, value: string, at: unknown) => {
    labels[interpolate(key, env)] = interpolate(value, env);
    nodes.set(interpolate(key, env), at);
  };
  const text = (value: unknown) => {
    const scalar = reading.follow(value);
    return isScalar(scalar) && scalar.value !== null ? String(scalar.value) : '';
  };
  if (isMap(node)) for (const { key, value } of reading.pairs(node)) add(text(key), text(value), key);
  if (isSeq(node)) {
    for (const item of node.items) {
      const [key = '', ...rest] = text(item).split('=');
      add(key, rest.join('='), item);
    }
  }
  return { labels, nodes };
}

/**
 * Replaces variables as the compose specification says: `$$`, `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`,
 * `${NAME:+instead}` and `${NAME:?error}`. A default may contain other variables.
 */
export function interpolate(text: string, env: Env): string {
  return text.replace(
    /\$(?:\$|([a-z_]\w*)|\{([a-z_]\w*)(?:(:?[-?+])((?:[^{}]|\{[^{}]*\})*))?\})/gi,
    (whole, plain, braced, operator, operand) => {
      if (whole === '$$') return '$';
      const value = env[plain ?? braced];
      const isSet = value !== undefined && (value !== '' || !operator?.startsWith(':'));
      if (operator?.endsWith('+')) return isSet ? interpolate(operand, env) : '';
      if (operator?.endsWith('-')) return isSet ? value : interpolate(operand, env);
      return value ?? '';
    },
  );
}
