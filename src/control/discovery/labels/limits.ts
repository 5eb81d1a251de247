import { PREFIX } from '../../../model/keys/key.ts';
import { grouped, shorten, sized } from '../../../model/text.ts';
import type { SettingProblem } from './setting-problem.ts';

/**
 * Limits for the labels of a container. Whoever can set labels must not be able to block the thread that carries traffic:
 * each limit is far above what anybody needs, and takes less than ten milliseconds to process.
 */
export const LABEL_LIMITS = {
  /** Characters of one label: its name and its value. */
  label: 65_536,
  /** The number of labels of ours. */
  labels: 1_000,
  /** Characters of all labels of ours together. */
  total: 262_144,
  /** The number of hosts of all services together. */
  hosts: 500,
  /** The number of services. */
  services: 100,
  /** The number of problems that are reported one by one. */
  problems: 50,
} as const;

/** The end of a text that was too long and is only partly known. Unicode defines U+FFFF as a noncharacter. */
export const CUT = '\uffff';

/** Limits for labels that are not ours, which matter only to rules and to Compose. Labels beyond them are ignored. */
const OTHERS = { label: 4_096, labels: 1_000 } as const;

/** Stands for the label in a problem that is about all labels together. */
export const ALL_LABELS = `${PREFIX}*`;

/** The labels of a container that are within the limits, and the problems of those that are not. */
export interface ReadLabels {
  readonly labels: Readonly<Record<string, string>>;
  readonly refused: readonly SettingProblem[];
}

/**
 * Reads the labels of a container as an Engine or a file gives them, and drops those that are refused. Takes time linear
 * in the number of labels.
 */
export function readLabels(raw: unknown): ReadLabels {
  const all: [string, unknown][] = typeof raw === 'object' ? Object.entries(raw ?? {}) : [];
  const own: [string, string][] = [];
  const others: [string, string][] = [];
  const refused: SettingProblem[] = [];
  let [count, total] = [0, 0];
  for (const [label, value] of all) {
    const isOwn = label.startsWith(PREFIX);
    const length = label.length + (typeof value === 'string' ? value.length : 0);
    if (!isOwn) {
      const isUseful =
        typeof value === 'string' &&
        !value.endsWith(CUT) &&
        length <= OTHERS.label &&
        others.length < OTHERS.labels;
      if (isUseful) others.push([label, value]);
    } else if (typeof value !== 'string') refused.push(refuse(label, 'is no text'));
    else if (label.endsWith(CUT) || value.endsWith(CUT))
      refused.push(
        refuse(label, `is far too long; a label may have ${grouped(LABEL_LIMITS.label)} characters`),
      );
    else if (length > LABEL_LIMITS.label)
      refused.push(refuse(label, `has ${sized(length)}; a label may have ${grouped(LABEL_LIMITS.label)}`));
    else own.push([label, value]);
    if (isOwn) count++;
    // A label that is refused for its own length does not count towards the total.
    if (isOwn && length <= LABEL_LIMITS.label) total += length;
  }
  const tooMany = whyTooMany(count, total);
  if (tooMany === undefined) return { labels: Object.fromEntries([...others, ...own]), refused };
  return { labels: Object.fromEntries(others), refused: [refuse(ALL_LABELS, tooMany)] };
}

function refuse(label: string, message: string): SettingProblem {
  return { severity: 'error', key: shorten(label), message };
}

function whyTooMany(count: number, total: number): string | undefined {
  if (count > LABEL_LIMITS.labels)
    return `are ${grouped(count)} labels; a container may have ${grouped(LABEL_LIMITS.labels)}`;
  if (total > LABEL_LIMITS.total)
    return `have ${sized(total)} together; those of a container may have ${grouped(LABEL_LIMITS.total)}`;
  return undefined;
}

/** The number of items in a list with commas, counted without making the list. */
export function countItems(text: string): number {
  let count = 1;
  for (let comma = text.indexOf(','); comma !== -1; comma = text.indexOf(',', comma + 1)) count++;
  return count;
}

/** The limits in words, for the reference page. */
export const LIMITS_TEXT: readonly (readonly [what: string, limit: number])[] = [
  ['characters of a label, its name and its value', LABEL_LIMITS.label],
  ['labels of Fairlead on a container', LABEL_LIMITS.labels],
  ['characters of all of them', LABEL_LIMITS.total],
  ['hosts of a container, those of all its services', LABEL_LIMITS.hosts],
  ['services of a container', LABEL_LIMITS.services],
];
