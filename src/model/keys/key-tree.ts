import { MAX_ITEMS, ValueError } from '../parse-values.ts';
import { type Family, type Key, type KeysOf, NAME } from './key.ts';

/** A key, whatever the type of its values, with the path to its value. */
export interface Entry extends Omit<Key<never>, 'parse' | 'default'> {
  readonly path: readonly string[];
  readonly parse: (text: string) => unknown;
  /** The default in words; empty if there is none. */
  readonly default: string;
  /** The default as a value, if it is one. */
  readonly defaultValue: unknown;
  /** Parses the name in the keys of a family. */
  readonly parseName?: (text: string) => string;
}

/** A key as it was written, in a family with its name. */
export interface SaidKey {
  /** The key in its normal spelling. */
  readonly key: string;
  readonly path: readonly string[];
  readonly entry: Entry;
}

/** A key and the value that it was set to. */
export interface Setting extends SaidKey {
  readonly value: unknown;
}

type Leaf = Key<never> | Family<never>;
interface Branch {
  readonly [name: string]: Leaf | Branch;
}

/** The keys of everything that a value of type T holds. */
export class KeyTree<T extends object> {
  /** The keys in the order of the documentation. */
  readonly entries: readonly Entry[];
  readonly #branch: Branch;
  readonly #byKey: ReadonlyMap<string, SaidKey>;
  readonly #byLeaf: ReadonlyMap<Leaf, Entry>;
  /** The families, by the part of their keys before the name. */
  readonly #families: ReadonlyMap<string, Entry>;

  /** @param defaults the values of keys that are not set, where there are such */
  constructor(keys: KeysOf<T>, defaults: object) {
    this.#branch = keys as unknown as Branch;
    this.#byLeaf = new Map(
      leavesOf(this.#branch, []).map(([leaf, path]) => [leaf, entryOf(leaf, path, defaults)]),
    );
    this.entries = [...this.#byLeaf.values()];
    this.#byKey = new Map(
      this.entries.map((entry) => [entry.key, { key: entry.key, path: entry.path, entry }]),
    );
    const families = this.entries.filter(({ parseName }) => parseName !== undefined);
    this.#families = new Map(families.map((family) => [prefixOf(family), family]));
  }

  /** Whether a text is a key, even if the name in it is bad. */
  has(key: string): boolean {
    return this.#byKey.has(key) || this.#prefixIn(key) !== undefined;
  }

  /** Finds a key; undefined if there is none. Throws a `ValueError` if the name in it is bad. */
  find(key: string): SaidKey | undefined {
    const prefix = this.#prefixIn(key) ?? '';
    const family = this.#families.get(prefix);
    if (family?.parseName === undefined) return this.#byKey.get(key);
    const name = family.parseName(key.slice(prefix.length));
    return { key: prefix + name, path: [...family.path, name], entry: family };
  }

  /** The keys that a misspelt one may have meant; those of families have the name that was written. */
  candidates(slip: string): string[] {
    const parts = slip.split('.');
    const named = [...this.#families.keys()].flatMap((prefix) => {
      const name = parts.slice(prefix.split('.').length - 1).join('.');
      return name === '' ? [] : [prefix + name];
    });
    return [...this.#byKey.keys(), ...named];
  }

  /**
   * Sets the value of a key from its text. A family may have `MAX_ITEMS` names, since they are walked for each request.
   * Throws a `ValueError`.
   */
  set(values: T, { entry, path }: SaidKey, text: string): void {
    const value = entry.parse(text);
    const siblings = entry.parseName === undefined ? undefined : at(values, entry.path);
    if (siblings !== undefined && Object.keys(siblings as object).length >= MAX_ITEMS)
      throw new ValueError(`is one too many: there may be ${MAX_ITEMS} of ${entry.key}`);
    put(values, path, value);
  }

  /** All settings, in the order in which they were set. */
  settingsIn(values: T): Setting[] {
    const found: Setting[] = [];
    this.#collect(this.#branch, values, [], found);
    return found;
  }

  /** The settings that differ from the defaults, as people write them: `drain=5s`. */
  changesIn(values: T): string[] {
    return this.settingsIn(values)
      .filter(({ entry, value }) => JSON.stringify(value) !== JSON.stringify(entry.defaultValue))
      .map(({ key, entry, value }) => `${key}=${entry.show(value as never)}`);
  }

  /** That of a family, if a name follows. */
  #prefixIn(key: string): string | undefined {
    for (const prefix of this.#families.keys())
      if (key.length > prefix.length && key.startsWith(prefix)) return prefix;
    return undefined;
  }

  #collect(node: Leaf | Branch, values: unknown, path: readonly string[], found: Setting[]): void {
    const entry = isLeaf(node) ? this.#byLeaf.get(node) : undefined;
    if (entry !== undefined && entry.parseName === undefined) {
      if (values !== undefined) found.push({ key: entry.key, path, entry, value: values });
      return;
    }
    for (const [name, value] of Object.entries(values ?? {})) {
      const inner = [...path, name];
      if (entry !== undefined) found.push({ key: prefixOf(entry) + name, path: inner, entry, value });
      else if (Object.hasOwn(node, name))
        this.#collect((node as Branch)[name] as Leaf | Branch, value, inner, found);
    }
  }
}

/** Sets the value at a path. A name in it may be one that every object has, such as `__proto__`. */
export function put(values: object, path: readonly string[], value: unknown): void {
  let target = values;
  for (let i = 0; i < path.length; i++) {
    const name = path[i] as string;
    const existing = own(target, name);
    const next = i === path.length - 1 ? value : (existing ?? {});
    if (next !== existing) setOwn(target, name, next);
    target = next as object;
  }
}

/** The value at a path; undefined if there is none. */
function at(values: object, path: readonly string[]): unknown {
  let found: unknown = values;
  for (const name of path) found = found === undefined ? undefined : own(found as object, name);
  return found;
}

function own(values: object, name: string): unknown {
  return Object.hasOwn(values, name) ? (values as Record<string, unknown>)[name] : undefined;
}

function setOwn(values: object, name: string, value: unknown): void {
  // Assigned, this one would become the prototype.
  if (name === '__proto__')
    Object.defineProperty(values, name, { value, enumerable: true, writable: true, configurable: true });
  else (values as Record<string, unknown>)[name] = value;
}

function isLeaf(node: Leaf | Branch): node is Leaf {
  return typeof node.key === 'string';
}

function leavesOf(branch: Branch, path: readonly string[]): [Leaf, readonly string[]][] {
  return Object.entries(branch).flatMap(([name, node]) => {
    const inner = [...path, name];
    return isLeaf(node) ? [[node, inner] as [Leaf, readonly string[]]] : leavesOf(node, inner);
  });
}

function entryOf(leaf: Leaf, path: readonly string[], defaults: object): Entry {
  const defaultValue = at(defaults, path);
  const shown = defaultValue === undefined ? '' : leaf.show(defaultValue as never);
  return { ...leaf, path, default: leaf.default ?? shown, defaultValue };
}

/** The part of a family's key before the name: `headers.request.` of `headers.request.NAME`. */
function prefixOf({ key }: Entry): string {
  return key.slice(0, -NAME.length);
}
