import { isKnown, tokensOf } from '../config/flags.ts';
import { suggestion } from '../nearest.ts';
import type { Command, Flag, Given } from './command.ts';

/** Sorts the arguments of a command by kind, and finds what is wrong with its own flags and operands. */
export function readArguments(
  { operands = [], isRepeated = false, flags = [] }: Command,
  args: readonly string[],
): { readonly given: Given; readonly errors: readonly string[] } {
  const mine = new Map(flags.map((flag) => [flag.name, flag]));
  const most = isRepeated ? Number.POSITIVE_INFINITY : operands.length;
  const found: string[] = [];
  const values: Record<string, string> = {};
  const errors: string[] = [];
  const taken = new Set<number>();
  const tokens = readTokens(args, flags);
  for (const [i, token] of tokens.entries()) {
    const before = tokens[i - 1];
    const after = tokens[i + 1];
    if (token.kind === 'positional' && !taken.has(token.index)) {
      // The value of an unknown option is reported together with the option.
      const isValue = before?.kind === 'option' && !before.isKnown && before.value === undefined;
      if (isValue || found.length >= most) continue;
      found.push(token.value);
      taken.add(token.index);
    }
    if (token.kind !== 'option') continue;
    const flag = mine.get(token.name);
    if (flag === undefined) {
      const meant = token.isKnown ? '' : suggestion(token.name, mine.keys(), '--');
      // Other unknown options are reported where options are read, which knows all names.
      if (meant === '') continue;
      taken.add(token.index);
      if (after?.kind === 'positional' && token.value === undefined) taken.add(after.index);
      errors.push(`--${token.name}: is not an option${meant}`);
      continue;
    }
    taken.add(token.index);
    let { value } = token;
    if (flag.optional !== undefined && value === undefined && after?.kind === 'positional') {
      if (flag.optional.test(after.value)) {
        ({ value } = after);
        taken.add(after.index);
      }
    } else if (value !== undefined && !token.isInline) taken.add(token.index + 1);
    errors.push(...wrong(flag, value));
    values[flag.name] = value ?? '';
  }
  const options = args.filter((_, index) => !taken.has(index));
  const given = { args, operands: found, flags: values, options };
  return { given, errors };
}

type Token =
  | { readonly kind: 'positional'; readonly index: number; readonly value: string }
  | {
      readonly kind: 'option';
      readonly index: number;
      readonly name: string;
      readonly value: string | undefined;
      readonly isInline: boolean;
      readonly isKnown: boolean;
    };

function readTokens(args: readonly string[], flags: readonly Flag[]): Token[] {
  const own = new Map(flags.map(({ name, value, optional }) => [name, value !== undefined && !optional]));
  return tokensOf(args, own).flatMap((token): Token[] => {
    if (token.kind === 'positional') return [token];
    if (token.kind !== 'option') return [];
    const { index, name, value, inlineValue } = token;
    const isOurs = isKnown(name) || own.has(name);
    return [{ kind: 'option', index, name, value, isInline: inlineValue === true, isKnown: isOurs }];
  });
}

function wrong({ name, value: wanted, optional }: Flag, value: string | undefined): string[] {
  if (wanted === undefined) return value === undefined ? [] : [`--${name}: takes no value`];
  if (value === undefined) return optional === undefined ? [`--${name}: needs a value (${wanted})`] : [];
  if (value === '' || (optional === undefined && value.startsWith('--')))
    return [`--${name}: needs a value (${wanted})`];
  return optional === undefined || optional.test(value) ? [] : [`--${name}: wants ${wanted}, not "${value}"`];
}
