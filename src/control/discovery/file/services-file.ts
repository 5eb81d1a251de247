import { isMap, isScalar, isSeq, type Pair } from 'yaml';
import type { Address } from '../../../model/address.ts';
import type { Claim, ServingAddress } from '../../../model/contribution.ts';
import { BACKEND_KEYS } from '../../../model/keys/backend-keys.ts';
import { type BackendSettings, DEFAULTS, type Draft } from '../../../model/keys/draft.ts';
import { KEYS } from '../../../model/keys/key-table.ts';
import { parseServiceName } from '../../../model/keys/values.ts';
import { parsePort, ValueError } from '../../../model/parse-values.ts';
import type { Problem } from '../../../model/problem.ts';
import type { ServiceSettings } from '../../../model/service.ts';
import { quoted } from '../../../model/text.ts';
import { nearest } from '../../../nearest.ts';
import type { YamlText } from '../../../yaml-text.ts';
import { orphanKey, routesOf } from '../labels/complete.ts';
import { setKey, startCollecting } from '../labels/parse-labels.ts';
import { textOf, YamlReading } from './yaml.ts';

/** A service of the file, by its name. */
export interface FileService {
  readonly name: string;
  readonly claims: readonly Claim[];
  /** Its problems, each with the line in the file. */
  readonly problems: readonly Problem[];
}

/** What the `services:` section of a configuration file says. */
export interface ParsedFile {
  readonly services: readonly FileService[];
  /** Why the file cannot be read at all, such as broken YAML. */
  readonly problems: readonly Problem[];
}

/** Keys that a label needs and a file does not, since the entry has a name and its backends have URLs. With what to do instead. */
const ONLY_LABELS: Readonly<Record<LabelsOnly, string>> = {
  enable: 'leave it out: what is in the file is enabled',
  service: 'leave it out: the entry has the name of the service',
  network: 'leave it out: a backend has a URL',
  port: 'say it in the URL of a backend',
  scheme: 'say it in the URL of a backend',
  weight: 'say it of a backend: { url: http://HOST:PORT, weight: 1 }',
  backup: 'say it of a backend: { url: http://HOST:PORT, backup: true }',
};

/** The keys about a container or backend, except for the one that can be said of all backends of a service at once. */
type LabelsOnly = keyof Draft['container'] | Exclude<keyof BackendSettings, 'maxConnections'>;

/** What to do instead of a key that is for labels only; undefined for any other key. */
export function onlyLabels(key: string): string | undefined {
  return Object.hasOwn(ONLY_LABELS, key) ? ONLY_LABELS[key as LabelsOnly] : undefined;
}

/** How deep maps are read: no key is deeper than `a.b.c`. A map that contains itself ends there. */
const MAX_DEPTH = 3;

/**
 * Reads the services of a configuration file. A pure function.
 * @param readAt when the file was last changed, in milliseconds since the epoch
 */
export function parseServicesFile(path: string, text: string | YamlText, readAt: number): ParsedFile {
  const reading = new YamlReading('file', path, text);
  const problems = reading.errors;
  if (problems.length > 0) return { services: [], problems };
  const section = reading.get(reading.root, 'services');
  if (section === undefined || (isScalar(section) && section.value === null))
    return { services: [], problems: [] };
  if (!isMap(section))
    return { services: [], problems: [reading.problem(section, 'services must be a map of names')] };
  const services = reading.pairs(section).map((item) => {
    const { name, draft, backends, problems } = readService(reading, item);
    return { name, claims: makeClaims(path, readAt, name, draft, backends), problems };
  });
  return { services, problems: [] };
}

interface ReadService {
  readonly name: string;
  readonly draft: Draft;
  readonly backends: readonly ServingAddress[];
  readonly problems: readonly Problem[];
}

function readService(reading: YamlReading, item: Pair): ReadService {
  const name = textOf(item.key) ?? '';
  const problems: Problem[] = [];
  const body = reading.follow(item.value);
  attempt(problems, reading, item.key, `service "${name}"`, () => parseServiceName(name));
  if (!isMap(body)) problems.push(reading.problem(item.key, `service ${name} must be a map of keys`));
  const collected = startCollecting();
  const backends: ServingAddress[] = [];
  const fields = flatten(reading, body, '');
  for (const { key, node, text } of fields) {
    const shown = `services.${name}.${key}`;
    if (key === 'backends') readBackends(reading, node, backends, problems);
    else if (onlyLabels(key) !== undefined)
      problems.push(reading.problem(node, `${shown} is for labels only`, onlyLabels(key)));
    else if (nearest(key, ['backends']) !== undefined && !KEYS.has(key))
      problems.push(reading.problem(node, `${shown} is not a known key`, 'did you mean backends?'));
    else if (text === undefined && KEYS.has(key))
      problems.push(reading.problem(node, `${shown} wants a single value or a list`));
    else {
      setKey(collected, key, shown, text ?? '', false);
      for (const { message, hint } of collected.problems.splice(0))
        problems.push(reading.problem(node, `${shown} ${message}`, hint));
    }
  }
  const orphan = orphanKey(collected.draft);
  // An invalid host has been reported already.
  if (orphan !== undefined && !fields.some(({ key }) => key === 'host')) {
    const message = `services.${name}.${orphan} needs a host to belong to`;
    problems.push(reading.problem(item.key, message, `add services.${name}.host`));
  }
  return { name, draft: collected.draft, backends, problems };
}

interface FlatKey {
  readonly key: string;
  readonly node: unknown;
  readonly text: string | undefined;
}

/** Flattens nested maps into dotted keys: `health: { path: /x }` and `health.path: /x` mean the same. */
function flatten(reading: YamlReading, map: unknown, prefix: string): FlatKey[] {
  return reading.pairs(map).flatMap((item) => {
    const key = prefix + (textOf(item.key) ?? '');
    const node = reading.follow(item.value);
    if (isMap(node) && key !== 'backends' && key.split('.').length < MAX_DEPTH)
      return flatten(reading, node, `${key}.`);
    return [{ key, node: node ?? item.key, text: textOf(node) ?? listText(reading, node) }];
  });
}

/** A list of single values, joined by commas as labels write it. */
function listText(reading: YamlReading, node: unknown): string | undefined {
  if (!isSeq(node)) return undefined;
  const items = node.items.map((item) => textOf(reading.follow(item)));
  return items.every((item) => item !== undefined) ? items.join(',') : undefined;
}

interface ReadBackend {
  address?: Address;
  weight: number;
  backup: boolean;
  maxConnections?: number;
}

function readBackends(
  reading: YamlReading,
  node: unknown,
  backends: ServingAddress[],
  problems: Problem[],
): void {
  if (!isSeq(node)) {
    problems.push(reading.problem(node, 'backends must be a list of URLs'));
    return;
  }
  for (const raw of node.items) {
    const item = reading.follow(raw);
    const fields = isMap(item)
      ? flatten(reading, item, '')
      : [{ key: 'url', node: item, text: textOf(item) }];
    const backend: ReadBackend = { weight: DEFAULTS.backend.weight, backup: DEFAULTS.backend.backup };
    for (const { key, node: at, text = '' } of fields) {
      attempt(problems, reading, at, key, () => {
        if (key === 'url') backend.address = parseBackendUrl(text);
        else if (key === 'weight') backend.weight = BACKEND_KEYS.weight.parse(text);
        else if (key === 'backup') backend.backup = BACKEND_KEYS.backup.parse(text);
        else if (key === 'max-connections') backend.maxConnections = BACKEND_KEYS.maxConnections.parse(text);
        else throw new ValueError('is not a key of a backend: url, weight, backup, max-connections');
      });
    }
    const { address, ...rest } = backend;
    if (!fields.some((field) => field.key === 'url'))
      problems.push(reading.problem(item, 'a backend needs a url'));
    if (address === undefined) continue;
    const name = `${address.host}:${address.port}`;
    backends.push({ name, key: name, address, ...rest });
  }
}

function attempt(
  problems: Problem[],
  reading: YamlReading,
  node: unknown,
  subject: string,
  run: () => void,
): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    problems.push(reading.problem(node, `${subject} ${error.message}`));
  }
}

/** Parses `http://HOST:PORT`; the port is 80 if left out. */
function parseBackendUrl(text: string): Address {
  const match = /^(\w+):\/\/(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d+))?\/?$/i.exec(text);
  if (match?.[1] === 'https') throw new ValueError('https is not supported yet, only http');
  if (match === null || match[1] !== 'http')
    throw new ValueError(`wants http://HOST:PORT without a path, not ${quoted(text)}`);
  return {
    host: (match[2] as string).replace(/^\[|\]$/g, ''),
    port: match[3] === undefined ? 80 : parsePort(match[3]),
  };
}

/** Marks fallbacks as trusted: the file belongs to the operator, so its URLs may lead where those of labels may not. */
function withTrust({ fallback, ...settings }: ServiceSettings): ServiceSettings {
  if (fallback === undefined) return settings;
  return {
    ...settings,
    fallback: fallback.map((one) => (one.kind === 'url' ? { ...one, mayBePrivate: true } : one)),
  };
}

function makeClaims(
  path: string,
  readAt: number,
  service: string,
  draft: Draft,
  backends: readonly ServingAddress[],
): Claim[] {
  const claim: Claim = {
    origin: { source: 'file', name: path },
    service,
    routes: routesOf(draft),
    settings: withTrust(draft.settings),
    createdAt: readAt,
  };
  // The limit that the service sets applies to each of its backends.
  const { maxConnections } = draft.backend;
  const limit = maxConnections === undefined ? {} : { maxConnections };
  return backends.length === 0
    ? [claim]
    : backends.map((serves) => ({ ...claim, serves: { ...limit, ...serves } }));
}
