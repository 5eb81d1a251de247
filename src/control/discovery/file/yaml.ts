import { isAlias, isMap, isScalar, isSeq, type Pair, type Scalar, visit } from 'yaml';
import type { Problem } from '../../../model/problem.ts';
import { parseYaml, type YamlText } from '../../../yaml-text.ts';

/** Reads a YAML file node by node, so that problems can name the line. */
export class YamlReading {
  readonly #document: YamlText['document'];
  readonly #lines: YamlText['lines'];
  readonly #source: string;
  readonly #path: string;

  /** @param source the name of the source that problems are reported for */
  constructor(source: string, path: string, text: string | YamlText) {
    const { document, lines } = typeof text === 'string' ? parseYaml(text) : text;
    this.#source = source;
    this.#path = path;
    this.#document = document;
    this.#lines = lines;
  }

  /** Why the text is not valid YAML; empty if it is. */
  get errors(): Problem[] {
    const problems = this.#document.errors.map((error) =>
      this.problem({ range: error.pos }, error.message.split('\n')[0] ?? ''),
    );
    visit(this.#document, {
      Alias: (_key, alias) => {
        if (alias.resolve(this.#document) === undefined)
          problems.push(this.problem(alias, `there is no anchor &${alias.source}`));
      },
    });
    return problems;
  }

  get root(): unknown {
    return this.follow(this.#document.contents);
  }

  /** The node that an alias stands for; any other node itself. */
  follow(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  /** The entries of a map. Entries that it merges (`<<: *defaults`) come first, and its own entries override them. */
  pairs(map: unknown): Pair[] {
    return [...this.#entries(map, new Set()).values()];
  }

  get(map: unknown, key: string): unknown {
    return this.follow(this.#entries(map, new Set()).get(key)?.value);
  }

  problem(node: unknown, message: string, hint?: string, severity: Problem['severity'] = 'error'): Problem {
    const offset = (node as { range?: readonly number[] } | undefined)?.range?.[0] ?? 0;
    const where = `line ${this.#lines.linePos(offset).line}`;
    const base = { severity, source: this.#source, subject: this.#path, where, message };
    return hint === undefined ? base : { ...base, hint };
  }

  /** @param open the maps that contain this one, so that a map that merges itself does not recurse for ever */
  #entries(node: unknown, open: Set<unknown>): Map<string, Pair> {
    const entries = new Map<string, Pair>();
    const map = this.follow(node);
    if (!isMap(map) || open.has(map)) return entries;
    open.add(map);
    const isMerge = (pair: Pair) => textOf(pair.key) === '<<';
    for (const { value } of map.items.filter(isMerge)) {
      const merged = this.follow(value);
      // If several maps are merged, the earlier one wins.
      for (const part of isSeq(merged) ? merged.items.toReversed() : [merged])
        for (const [key, pair] of this.#entries(part, open)) entries.set(key, pair);
    }
    for (const pair of map.items) if (!isMerge(pair)) entries.set(textOf(pair.key) ?? '', pair);
    open.delete(map);
    return entries;
  }
}

/** The text of a single value as it is written; undefined for any other node, and for an empty value. */
export function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return ((node as Scalar).source ?? String(node.value)).trim();
}
