import { type AllowRule, ROUTE_KEYS, type Who } from '../../../model/allow.ts';
import { fitsGlob } from '../../../model/glob.ts';
import { DEFAULTS } from '../../../model/keys/draft.ts';
import { routeName } from '../../../model/route.ts';
import { listFew } from '../../../model/text.ts';
import { prefixOf } from './complete.ts';
import type { ParsedService } from './parse-labels.ts';
import type { SettingProblem } from './setting-problem.ts';

/** A container as rules see it. docs/trust.md says what of it can be forged by whoever starts the container. */
export interface Claimant {
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of its networks. */
  readonly networks: readonly string[];
}

/** The labels by which Compose says to which project and service a container belongs. */
export const PROJECT_LABEL = 'com.docker.compose.project';
export const SERVICE_LABEL = 'com.docker.compose.service';

/** The rules that are about a container. If there are rules but none is about it, the container is ignored. */
export function rulesAbout(rules: readonly AllowRule[], claimant: Claimant): readonly AllowRule[] {
  return rules.filter(({ who }) => who.every(({ kind, pattern }) => fits(kind, pattern, claimant)));
}

/** Whether a pattern of that kind matches a container. */
export function fits(kind: Who, pattern: string, { name, image, labels, networks }: Claimant): boolean {
  switch (kind) {
    case 'container':
      return fitsGlob(pattern, name);
    case 'project':
      return labels[PROJECT_LABEL] !== undefined && fitsGlob(pattern, labels[PROJECT_LABEL]);
    case 'network':
      return networks.some((network) => fitsGlob(pattern, network));
    case 'image':
      return fitsGlob(pattern, image) || fitsGlob(pattern, untagged(image));
    case 'label': {
      const [, label = pattern, value = '*'] = /^([^=]+)=(.*)$/.exec(pattern) ?? [];
      return Object.hasOwn(labels, label) && fitsGlob(value, labels[label] ?? '');
    }
  }
}

/** Removes tag and digest: `ghcr.io/acme/shop:1.4@sha256:…` → `ghcr.io/acme/shop`. */
function untagged(image: string): string {
  const name = image.slice(0, image.includes('@') ? image.indexOf('@') : undefined);
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

/** What the rules decide about one service of a container. */
export interface Ruling {
  /** One for everything that no rule allows. */
  readonly problems: readonly SettingProblem[];
  /** Which rule allows what, for `explain`. */
  readonly notes: readonly string[];
}

/**
 * Decides whether rules allow what a service claims. Each of its hosts, with its path, and the service that it joins must
 * be allowed by one rule together with all keys of the service, because the keys of one member apply to all. A pure function.
 * @param rules the rules about the container, at least one
 */
export function judge({ name, draft, keys }: ParsedService, rules: readonly AllowRule[]): Ruling {
  const prefix = prefixOf(name);
  const said = keys.filter((key) => !ROUTE_KEYS.includes(key));
  const verdict = { problems: [] as SettingProblem[], notes: [] as string[] };
  const { host: wanted = [], path = DEFAULTS.route.path } = draft.route;
  const hosts = wanted.map((host) => ({
    shown: routeName({ host, path }),
    word: path === '/' ? `host:${host}` : `host:${host} path:${path}`,
    rules: rules.filter((rule) => rule.isOpen || (hasHost(rule, host) && hasPath(rule, path))),
  }));
  decide(`${prefix}host`, hosts, said, prefix, rules, verdict);
  const { service } = draft.backend;
  const joined = service === undefined ? [] : [{ shown: `service ${service}`, word: `service:${service}` }];
  const services = joined.map((wish) => ({
    ...wish,
    rules: rules.filter(
      (rule) => rule.isOpen || rule.services.some((pattern) => fitsGlob(pattern, service ?? '')),
    ),
  }));
  decide(`${prefix}service`, services, said, prefix, rules, verdict);
  return verdict;
}

/** Something that a service wants, and the rules that would allow it, apart from its keys. */
interface Wish {
  readonly shown: string;
  /** The word that a rule needs to allow it. */
  readonly word: string;
  readonly rules: readonly AllowRule[];
}

function decide(
  label: string,
  wishes: readonly Wish[],
  said: readonly string[],
  prefix: string,
  about: readonly AllowRule[],
  verdict: { problems: SettingProblem[]; notes: string[] },
): void {
  const who = about[0]?.whoText ?? '';
  const refused = wishes.filter((wish) => wish.rules.length === 0);
  const [first] = refused;
  if (first !== undefined) {
    const message = `is refused: no allow rule lets the container have ${listFew(refused.map(({ shown }) => shown))}`;
    const hint = `one that would: ${who} ${first.word}`;
    verdict.problems.push({ severity: 'error', key: label, message, hint });
  }
  const allowed = new Map<AllowRule, string[]>();
  const missing = new Map<string, Wish>();
  for (const wish of wishes) {
    const [best] = wish.rules.toSorted((a, b) => lacking(a, said).length - lacking(b, said).length);
    if (best === undefined) continue;
    const keys = lacking(best, said);
    for (const key of keys) if (!missing.has(key)) missing.set(key, wish);
    if (keys.length === 0) allowed.set(best, [...(allowed.get(best) ?? []), wish.shown]);
  }
  for (const [key, wish] of missing) {
    const message = `is refused: no allow rule lets the container say this for ${wish.shown}`;
    const hint = `one that would: ${who} ${wish.word} key:${key}`;
    verdict.problems.push({ severity: 'error', key: prefix + key, message, hint });
  }
  for (const [rule, shown] of allowed) verdict.notes.push(`${listFew(shown)}: allowed by "${rule.text}"`);
}

/** The keys in use that a rule does not allow. */
function lacking({ keys, without }: AllowRule, said: readonly string[]): readonly string[] {
  const has = (patterns: readonly string[], key: string) =>
    patterns.some((pattern) => fitsGlob(pattern, key));
  return said.filter((key) => (keys.length > 0 && !has(keys, key)) || has(without, key));
}

/** Whether a rule allows a host. `*.example.org` in a rule allows every name and every wildcard below it. */
function hasHost({ hosts }: AllowRule, host: string): boolean {
  return hosts.some(
    (pattern) =>
      pattern === '*' || (pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern),
  );
}

function hasPath({ paths }: AllowRule, path: string): boolean {
  return (
    paths.length === 0 ||
    paths.some((prefix) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`))
  );
}
