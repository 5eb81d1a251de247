import { closest, distance } from 'fastest-levenshtein';
import { ValueError } from '../../../model/parse.ts';
import { type Draft, makeDraft } from './draft.ts';
import { LABEL_KEYS } from './keys.ts';
import { parseServiceName } from './values.ts';

export const PREFIX = 'fairlead.';
const SERVICES = 'services.';

const BY_KEY = new Map(LABEL_KEYS.map((entry) => [entry.key, entry]));

/** What is wrong with one setting. */
export interface SettingProblem {
  readonly severity: 'error' | 'notice';
  /** The label, or the dotted key of the file. */
  readonly key: string;
  readonly message: string;
  readonly hint?: string;
}

/** What a set of keys says of one service. */
export interface ParsedService {
  /** The NAME of `services.NAME.`; empty for the keys without one. */
  readonly name: string;
  readonly draft: Draft;
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
  problems: SettingProblem[];
}

/** The services that a container's labels describe. Pure: the same labels, the same answer. */
export function parseLabels(labels: Readonly<Record<string, string>>): ParsedLabels {
  const services = new Map<string, Collecting>();
  const problems: SettingProblem[] = [];
  let isEnabled: boolean | undefined;
  for (const label of Object.keys(labels).sort()) {
    const value = (labels[label] ?? '').trim();
    if (!label.startsWith(PREFIX)) {
      const slip = prefixSlip(label);
      if (slip !== undefined) problems.push(slip);
      continue;
    }
    const { name, key } = splitName(label.slice(PREFIX.length));
    const service = collecting(services, name);
    setKey(service, key, label, value, name === '');
    isEnabled = service.draft.enable ?? isEnabled ?? true;
  }
  isEnabled = services.get('')?.draft.enable ?? isEnabled ?? false;
  return {
    isEnabled,
    services: [...services]
      .filter(([name, service]) => name !== '' || !isBare(service))
      .map(([name, service]) => ({ name, ...service })),
    problems,
  };
}

/** Sets one key of a draft; what is wrong with it becomes a problem. */
export function setKey(
  service: Collecting,
  key: string,
  shown: string,
  text: string,
  mayEnable: boolean,
): void {
  const known = BY_KEY.get(key);
  const problem = (message: string, hint?: string) =>
    service.problems.push({ severity: 'error', key: shown, message, ...(hint !== undefined && { hint }) });
  if (known === undefined) problem('is not a known key', suggest(key, shown));
  else if (key === 'enable' && !mayEnable)
    problem('is not a key of a single service', `${PREFIX}enable is for the whole container`);
  else {
    try {
      known.set(service.draft, text);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      problem(error.message, /^(["'`]).*\1$/.test(text) ? 'leave out the quotes' : undefined);
    }
  }
}

/** A fresh draft to set keys of. */
export function startCollecting(): Collecting {
  return { draft: makeDraft(), problems: [] };
}

function collecting(services: Map<string, Collecting>, name: string): Collecting {
  const existing = services.get(name);
  if (existing !== undefined) return existing;
  const service = startCollecting();
  services.set(name, service);
  try {
    if (name !== '') parseServiceName(name);
  } catch (error) {
    service.problems.push({
      severity: 'error',
      key: `${PREFIX}${SERVICES}${name}`,
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
  const { enable: _, settings, ...rest } = service.draft;
  return Object.keys(rest).length + Object.keys(settings).length === 0 && service.problems.length === 0;
}

/** The nearest key, unless even that has little in common with it. */
function suggest(key: string, shown: string): string | undefined {
  if (key.startsWith(SERVICES)) return `say ${PREFIX}${SERVICES}NAME.KEY`;
  const lower = key.trim().toLowerCase();
  const nearest = closest(lower, [...BY_KEY.keys()]);
  if (distance(lower, nearest) > Math.max(2, nearest.length / 3)) return undefined;
  return `did you mean ${shown.slice(0, shown.length - key.length)}${nearest}?`;
}

/** `farlead.host` is not ours, but surely meant to be. */
function prefixSlip(label: string): SettingProblem | undefined {
  const dot = label.indexOf('.');
  const key = label.slice(dot + 1);
  const prefix = label.slice(0, dot + 1).toLowerCase();
  if (dot === -1 || distance(prefix, PREFIX) > 2 || !BY_KEY.has(splitName(key).key)) return undefined;
  return { severity: 'notice', key: label, message: 'is not ours', hint: `did you mean ${PREFIX}${key}?` };
}
