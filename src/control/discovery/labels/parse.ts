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
import type { SettingProblem } from './problem.ts';

const SERVICES = 'services.';

/** What a set of keys says of one service. */
export interface ParsedService {
  /** The NAME of `services.NAME.`; empty for the keys without one. */
  readonly name: string;
  readonly draft: Draft;
  /** The known ones among them, without their prefix, in their only spelling, whether or not their values are good. */
  readonly keys: readonly string[];
  readonly problems: readonly SettingProblem[];
}

export interface ParsedLabels {
  /** Labels of ours are there, and none says `enable=false`. */
  readonly isEnabled: boolean;
  readonly services: readonly ParsedService[];
  /** Problems that belong to no single service. */
  readonly problems: readonly SettingProblem[];
}

interface Collecting {
  draft: Draft;
  readonly keys: string[];
  problems: SettingProblem[];
  /** Unknown keys that are still compared with all known ones; shared by the services of a container. */
  readonly slips: { left: number };
}

/**
 * The services that a container's labels describe. Pure: the same labels, the same answer.
 * @param labels within their limits, as `readLabels` answers them
 * @param refused what it refused
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

/** Sets one key of a draft; what is wrong with it becomes a problem. */
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
      // Of a name there may be several spellings.
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

/** Undefined when there are as many as may be. */
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

/** `services.NAME.KEY` → NAME and KEY; any other key belongs to the container's own service, ''. */
function splitName(rest: string): { name: string; key: string } {
  if (!rest.startsWith(SERVICES)) return { name: '', key: rest };
  const dot = rest.indexOf('.', SERVICES.length);
  if (dot <= SERVICES.length) return { name: '', key: rest };
  return { name: rest.slice(SERVICES.length, dot), key: rest.slice(dot + 1) };
}

/** Only `enable` was said: there is no service to make of it, unless nothing else was said at all. */
function isBare(service: Collecting): boolean {
  const { container: _, ...rest } = service.draft;
  const isSilent = Object.values(rest).every((part) => Object.keys(part).length === 0);
  return isSilent && service.problems.length === 0;
}

/** The nearest key, unless even that has little in common with it. */
function suggest(key: string, shown: string): string | undefined {
  if (key.startsWith(SERVICES)) return `say ${PREFIX}${SERVICES}NAME.KEY`;
  const slip = key.trim();
  return didYouMean(slip, KEYS.candidates(slip), shorten(shown.slice(0, shown.length - key.length)));
}

/** `farlead.host` and `fairlead-host` are not ours, but surely meant to be. */
function prefixSlip(label: string): SettingProblem | undefined {
  const isSlip = (word: string) => distance(`${word.toLowerCase()}.`, PREFIX) <= 2;
  const ways = [/^([^.]{1,32})\.(.+)$/s, /^([^.:_/-]{1,32})[:_/-](.+)$/s].map((way) => way.exec(label));
  const rest = ways.find((match) => isSlip(match?.[1] ?? ''))?.[2];
  if (rest === undefined) return undefined;
  // FAIRLEAD_HOST is the way that variables are written.
  const key = KEYS.has(splitName(rest).key) ? rest : rest.toLowerCase().replaceAll('_', '-');
  if (!KEYS.has(splitName(key).key)) return undefined;
  return {
    severity: 'notice',
    key: shorten(label),
    message: 'is not ours',
    hint: `did you mean ${PREFIX}${shorten(key)}?`,
  };
}
