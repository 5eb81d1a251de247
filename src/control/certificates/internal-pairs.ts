import type { Clock } from '../../model/clock.ts';
import type { KeyPair } from '../../model/keyring.ts';
import type { Problem } from '../../model/problem.ts';
import { Authority } from './authority.ts';
import { renewalAt } from './due.ts';
import { DataFolder, FolderError } from './folder.ts';
import { TicketSecret } from './tickets.ts';
import { LOCAL_NAME } from './wanted.ts';

/** What is asked for by address is asked for as this machine, too. */
const LOCAL_NAMES = [LOCAL_NAME, '127.0.0.1', '::1'];

interface Leaf {
  readonly pair: KeyPair;
  /** The root that it leads to. */
  readonly rootId: string | undefined;
}

/** Pairs of the internal authority, and the secret of session tickets: what comes of the folder for data. */
export class InternalPairs {
  readonly #clock: Clock;
  readonly #authority: Authority | undefined;
  readonly #tickets: TicketSecret;
  readonly #leaves = new Map<string, Leaf>();
  #error: FolderError | undefined;

  /** @param path of the folder for data; undefined where nobody says one */
  constructor(path: string | undefined, clock: Clock) {
    this.#clock = clock;
    const folder = path === undefined ? undefined : new DataFolder(path);
    this.#authority = folder && new Authority(folder);
    this.#tickets = new TicketSecret(folder);
  }

  /** Looks at the folder, and renews the authority where that is due. What fails is tried again at the next call. */
  async look(): Promise<void> {
    this.#error = undefined;
    await this.#trying(async () => this.#authority?.prepare(this.#clock.now()));
    await this.#trying(() => this.#tickets.prepare());
  }

  /** Makes and renews what is due, and forgets what nobody wants any more. */
  async update(names: readonly string[]): Promise<void> {
    const now = this.#clock.now();
    const wanted = new Set(names);
    for (const name of this.#leaves.keys()) if (!wanted.has(name)) this.#leaves.delete(name);
    if (this.#authority?.isReady !== true) return;
    const { rootId } = this.#authority;
    for (const name of wanted) {
      const leaf = this.#leaves.get(name);
      if (leaf !== undefined && leaf.rootId === rootId && now < renewalAt(leaf.pair)) continue;
      const pair = await this.#authority.issue(name === LOCAL_NAME ? LOCAL_NAMES : [name], now);
      this.#leaves.set(name, { pair, rootId });
    }
  }

  get pairs(): KeyPair[] {
    return [...this.#leaves.values()].map(({ pair }) => pair);
  }

  /** That of localhost. */
  get local(): KeyPair | undefined {
    return this.#leaves.get(LOCAL_NAME)?.pair;
  }

  /** The certificate of the root, as PEM. */
  get root(): string | undefined {
    return this.#authority?.root;
  }

  /** In hex, what keys of session tickets are derived from now. */
  get ticketSecret(): string {
    return this.#tickets.at(this.#clock.now());
  }

  /** What went wrong last. */
  get error(): string | undefined {
    return this.#error && `${this.#error.path} ${this.#error.message}`;
  }

  get problems(): Problem[] {
    const base = { severity: 'error', source: 'certificates' } as const;
    if (this.#authority === undefined) {
      const message =
        'there is no folder for the internal authority: neither $XDG_DATA_HOME nor $HOME is set';
      return [{ ...base, subject: 'options', where: 'data', message, hint: 'name one: --data DIR' }];
    }
    if (this.#error === undefined) return [];
    const { path: subject, message, hint } = this.#error;
    return [{ ...base, subject, where: '', message, ...(hint !== undefined && { hint }) }];
  }

  async #trying(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof FolderError)) throw error;
      this.#error ??= error;
    }
  }
}
