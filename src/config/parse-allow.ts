import { type AllowRule, ROUTE_KEYS, WHAT, WHO, type Who } from '../model/allow.ts';
import { fitsGlob } from '../model/glob.ts';
import { KEYS } from '../model/keys/key-table.ts';
import { parseRouteHost, parseRoutePath, ValueError } from '../model/parse-values.ts';
import { quoted } from '../model/text.ts';
import { suggestion } from '../nearest.ts';

const KINDS: readonly string[] = [...WHO, ...WHAT];

/** The parts of a rule, while it is parsed. */
interface Words {
  readonly who: { kind: Who; pattern: string }[];
  readonly whoText: string[];
  readonly hosts: string[];
  readonly paths: string[];
  readonly services: string[];
  readonly keys: string[];
  readonly without: string[];
}

/**
 * Parses rules, which are separated by commas, semicolons or line ends: `project:shop host:*.shop.example.org key:!priority`.
 * Throws one `ValueError` with all mistakes: a rule that is not understood must not let anybody through.
 */
export function parseAllow(text: string): AllowRule[] {
  const rules: AllowRule[] = [];
  const mistakes: string[] = [];
  for (const one of text.split(/[,;\n]/)) {
    const trimmed = one.trim();
    if (trimmed === '') continue;
    const words: Words = { who: [], whoText: [], hosts: [], paths: [], services: [], keys: [], without: [] };
    for (const word of trimmed.split(/\s+/)) {
      try {
        readWord(word, words);
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
        mistakes.push(`rule ${quoted(trimmed)}: ${error.message}`);
      }
    }
    rules.push(makeRule(trimmed, words));
    if (words.paths.length > 0 && words.hosts.length === 0)
      mistakes.push(`rule ${quoted(trimmed)}: path: needs a host: to belong to`);
  }
  if (rules.length === 0) mistakes.push('wants rules such as project:shop host:*.shop.example.org');
  if (mistakes.length > 0) throw new ValueError(mistakes.join('; '));
  return rules;
}

function makeRule(text: string, { whoText, ...words }: Words): AllowRule {
  const isOpen = words.hosts.length + words.services.length === 0;
  return { text, whoText: whoText.join(' ') || 'container:*', isOpen, ...words };
}

function readWord(word: string, words: Words): void {
  const colon = word.indexOf(':');
  const kind = word.slice(0, colon);
  const value = word.slice(colon + 1);
  if (colon === -1 || !KINDS.includes(kind)) {
    const kinds = KINDS.map((one) => `${one}:`);
    throw new ValueError(
      `${quoted(word)} is none of ${kinds.join(' ')}${suggestion(`${colon === -1 ? word : kind}:`, kinds)}`,
    );
  }
  if (value === '') throw new ValueError(`${kind}: needs a value`);
  switch (kind) {
    case 'host':
      words.hosts.push(within(kind, value, parseRouteHost));
      break;
    case 'path':
      words.paths.push(within(kind, value, parseRoutePath));
      break;
    case 'service':
      words.services.push(value);
      break;
    case 'key':
      readKey(value, words);
      break;
    default:
      words.who.push({ kind: kind as Who, pattern: value });
      words.whoText.push(word);
  }
}

function within(kind: string, value: string, parse: (text: string) => string): string {
  try {
    return parse(value);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ValueError(`${kind}: ${error.message}`);
  }
}

/** Reads the value of `key:`. Unknown keys are refused, because a misspelt one would not forbid what it was meant to. */
function readKey(value: string, words: Words): void {
  const said = value.replace(/^!/, '').replace(/^fairlead\./, '');
  const named = KEYS.find(said);
  const pattern = named?.key ?? said;
  if (ROUTE_KEYS.includes(pattern))
    throw new ValueError(
      `key:${value} says nothing; what may be routed is said by host:, path: and service:`,
    );
  if (named === undefined && !KEYS.entries.some(({ key }) => fitsGlob(pattern, key)))
    throw new ValueError(`key:${value} is not a known key${suggestion(pattern, KEYS.candidates(pattern))}`);
  (value.startsWith('!') ? words.without : words.keys).push(pattern);
}
