import { distance } from 'fastest-levenshtein';
import { type Draft, makeDraft } from '../../../model/keys/draft.ts';
import { PREFIX } from '../../../model/keys/key.ts';
import { KEYS } from '../../../model/keys/key-table.ts';
import type { SaidKey } from '../../../model/keys/key-tree.ts';
import { parseServiceName } from '../../../model/keys/values.ts';
import { ValueError } from '../../../model/parse-values.ts';
import { grouped, shorten } from '../../../model/text.ts';
import { didYouMean } from '../../../nearest.ts';
import { countItems, LABEL_LIMITS, type ReadLabels } from './limits.ts';
import type { SettingProblem } from './setting-problem.ts';

const SERVICES = 'services.';

/** What the keys of one service say. */
export interface ParsedService {
  /** The NAME of `services.NAME.`; empty for the keys without a name. */
  readonly name: string;
  readonly draft: Draft;
  /** The known keys, without their prefix and in canonical spelling, whether or not their values are valid. */
  readonly keys: readonly string[];
  readonly problems: readonly SettingProblem[];
}

export interface ParsedLabels {
  /** There are labels of ours, and none says `enable=false`. */
  readonly isEnabled: boolean;
  readonly services: readonly ParsedService[];
  /** Problems that belong to no single service. */
  readonly problems: readonly SettingProblem[];
}

interface Collecting {
  draft: Draft;
  readonly keys: string[];
  problems: SettingProblem[];
  /** How many more unknown keys are compared with all known keys; shared by the services of a container. */
  readonly slips: { left: number };
}

/**
 * Reads the services that a container's labels describe. A pure function.
 * @param labels labels within the limits, from `readLabels`
 * @param refused the problems that `readLabels` found
 */
export function parseLabels(
  labels: ReadLabels['labels'],
  refused: readonly SettingProblem[] = [],
): ParsedLabels {
  const services = new Map<string, Collecting>();
  const problems: SettingProblem[] = [];
  const unnamed = new Set<string>();
  let isEnabled: boolean | undefined;
  let hosts = 0;
  for (const label of Object.keys(labels).sort()) {
    const value = (labels[label] ?? '').trim();
    if (!label.startsWith(PREFIX)) {
      const slip = prefixSlip(label);
      if (slip !== undefined) problems.push(slip);
      continue;
    }
    isEnabled ??= true;
    const { name, key } = splitName(label.slice(PREFIX.length));
    const service = collecting(services, name);
    if (key === 'host') hosts += countItems(value);
    if (service === undefined) unnamed.add(name);
    else if (key === 'host' && hosts > LABEL_LIMITS.hosts) service.problems.push(tooManyHosts(label));
    else setKey(service, key, label, value, name === '');
  }
  for (const problem of refused) {
    isEnabled ??= true;
    collecting(services, splitName(problem.key.slice(PREFIX.length)).name)?.problems.push(problem);
  }
  if (unnamed.size > 0) problems.push(tooManyServices(services.size + unnamed.size));
  isEnabled = services.get('')?.draft.container.enable ?? isEnabled ?? false;
  return {
    isEnabled,
    services: [...services]
      .filter(([name, service]) => name !== '' || !isBare(service))
      .map(([name, { draft, keys, problems: found }]) => ({ name, draft, keys, problems: found })),
    problems,
  };
}

function tooManyHosts(label: string): SettingProblem {
  const message = `is one host too many: a container may have ${grouped(LABEL_LIMITS.hosts)}`;
  return { severity: 'error', key: shorten(label), message, hint: '*.example.org is every name below it' };
}

function tooManyServices(count: number): SettingProblem {
  const message = `are ${grouped(count)} services; a container may have ${LABEL_LIMITS.services}, the first by name`;
  return { severity: 'error', key: `${PREFIX}${SERVICES}*`, message };
}

/** Sets one key of a draft. If that fails, it adds a problem. */
export function setKey(
  service: Collecting,
  key: string,
  shown: string,
  text: string,
  mayEnable: boolean,
): void {
  const problem = (message: string, hint?: string) => {
    const named = { severity: 'error' as const, key: shorten(shown), message };
    service.problems.push(hint === undefined ? named : { ...named, hint });
  };
  if (!KEYS.has(key))
    problem('is not a known key', service.slips.left-- > 0 ? suggest(key, shown) : undefined);
  else if (key === 'enable' && !mayEnable)
    problem('is not a key of a single service', `${PREFIX}enable is for the whole container`);
  else {
    try {
      const said = KEYS.find(key) as SaidKey;
      // A name in a key may have several spellings, such as in upper case.
      const isAgain = said.entry.parseName !== undefined && service.keys.includes(said.key);
      service.keys.push(said.key);
      if (isAgain) problem('is the same key as another one');
      else KEYS.set(service.draft, said, text);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      problem(error.message, /^(["'`]).*\1$/.test(text) ? 'leave out the quotes' : undefined);
    }
  }
}

/** A fresh draft to set keys of. */
export function startCollecting(slips = { left: LABEL_LIMITS.problems as number }): Collecting {
  return { draft: makeDraft(), keys: [], problems: [], slips };
}

/** The service of that name, which is added if it is new; undefined if there are already as many as allowed. */
function collecting(services: Map<string, Collecting>, name: string): Collecting | undefined {
  const existing = services.get(name);
  if (existing !== undefined || services.size >= LABEL_LIMITS.services) return existing;
  const service = startCollecting(services.values().next().value?.slips);
  services.set(name, service);
  try {
    if (name !== '') parseServiceName(name);
  } catch (error) {
    service.problems.push({
      severity: 'error',
      key: shorten(`${PREFIX}${SERVICES}${name}`),
      message: (error as Error).message,
    });
  }
  return service;
}

/** Splits `services.NAME.KEY` into NAME and KEY. Any other key belongs to the container's own service, whose name is ''. */
function splitName(rest: string): { name: string; key: string } {
  if (!rest.startsWith(SERVICES)) return { name: '', key: rest };
  const dot = rest.indexOf('.', SERVICES.length);
  if (dot <= SERVICES.length) return { name: '', key: rest };
  return { name: rest.slice(SERVICES.length, dot), key: rest.slice(dot + 1) };
}

/** Whether nothing but `enable` was set, so that there is no service to make. */
function isBare(service: Collecting): boolean {
  const { container: _, ...rest } = service.draft;
  const isSilent = Object.values(rest).every((part) => Object.keys(part).length === 0);
  return isSilent && service.problems.length === 0;
}

/** Suggests the nearest known key, unless even that one has little in common with the unknown key. */
function suggest(key: string, shown: string): string | undefined {
  if (key.startsWith(SERVICES)) return `say ${PREFIX}${SERVICES}NAME.KEY`;
  const slip = key.trim();
  return didYouMean(slip, KEYS.candidates(slip), shorten(shown.slice(0, shown.length - key.length)));
}

/** Reports labels that are surely meant to be ours, such as `farlead.host` and `fairlead-host`. */
function prefixSlip(label: string): SettingProblem | undefined {
  const isSlip = (word: string) => distance(`${word.toLowerCase()}.`, PREFIX) <= 2;
  const ways = [/^([^.]{1,32})\.(.+)$/s, /^([^.:_/-]{1,32})[:_/-](.+)$/s].map((way) => way.exec(label));
  const rest = ways.find((match) => isSlip(match?.[1] ?? ''))?.[2];
  if (rest === undefined) return undefined;
  // FAIRLEAD_HOST is how environment variables are written.
  const key = KEYS.has(splitName(rest).key) ? rest : rest.toLowerCase().replaceAll('_', '-');
  if (!KEYS.has(splitName(key).key)) return undefined;
  return {
    severity: 'notice',
    key: shorten(label),
    message: 'is not ours',
    hint: `did you mean ${PREFIX}${shorten(key)}?`,
  };
}
