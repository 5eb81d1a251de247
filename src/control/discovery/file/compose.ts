import { isMap, isScalar, isSeq, type Pair } from 'yaml';
import type { Problem } from '../../../model/problem.ts';
import { missingRoute, NO_ROUTE } from '../labels/complete.ts';
import { PREFIX } from '../labels/key.ts';
import { readLabels } from '../labels/limits.ts';
import { parseLabels } from '../labels/parse.ts';
import { YamlReading } from './yaml.ts';

/** What the labels of a compose file amount to. */
export interface ParsedCompose {
  /** Services with labels of ours. */
  readonly services: number;
  readonly problems: readonly Problem[];
}

type Env = Readonly<Record<string, string | undefined>>;

/** A compose file has services with an image or a build; a configuration file of ours has none. */
export function isComposeFile(text: string): boolean {
  const reading = new YamlReading('compose', '', text);
  if (reading.errors.length > 0) return false;
  return reading
    .pairs(reading.get(reading.root, 'services'))
    .some(({ value }) => ['image', 'build'].some((key) => reading.get(value, key) !== undefined));
}

/** Reads the labels of a compose file's services as `docker compose` would hand them to containers. */
export function parseComposeFile(path: string, text: string, env: Env): ParsedCompose {
  const reading = new YamlReading('compose', path, text);
  const problems = reading.errors;
  if (problems.length > 0) return { services: 0, problems };
  let services = 0;
  for (const item of reading.pairs(reading.get(reading.root, 'services'))) {
    if (checkService(reading, item, env, problems)) services++;
  }
  return { services, problems };
}

/** True when the service has labels of ours. */
function checkService(reading: YamlReading, item: Pair, env: Env, problems: Problem[]): boolean {
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
    for (const service of parsed.services) {
      const missing = missingRoute(service);
      found.push(...service.problems, ...(missing === undefined ? [] : [missing]));
    }
    if (parsed.services.length === 0) found.push({ severity: 'error', key: `${PREFIX}enable`, ...NO_ROUTE });
  }
  for (const { severity, key, message, hint } of found)
    problems.push(reading.problem(nodes.get(key) ?? item.key, `${key} ${message}`, hint, severity));
  return parsed.isEnabled;
}

/** Labels come as a map or as a list of `key=value`. */
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
 * `$$`, `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+instead}`, `${NAME:?error}` of the
 * compose specification; a default may hold another of them.
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
