import { readdir } from 'node:fs/promises';
import type { Clock } from '../model/clock.ts';
import type { Claim, Contribution } from '../model/contribution.ts';
import type { Problem } from '../model/problem.ts';
import { didYouMean } from '../nearest.ts';
import { guarded } from '../telemetry/internal-errors.ts';
import { type Source, sourceWith } from './discovery/source.ts';

/** How often the folder is read while a claim names a page, in milliseconds. */
const LOOK_MS = 5_000;

/** The names of the files in the folder of pages, read again from time to time. */
export class PagesFolder {
  readonly #dir: () => string;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  /** Undefined before the first look; null when there is no such folder. */
  #files: ReadonlySet<string> | null | undefined;
  #isLooking = false;

  /** @param dir returns the folder, which may become another one */
  constructor(dir: () => string, clock: Clock) {
    this.#dir = dir;
    this.#clock = clock;
  }

  /** Calls back when the files have changed, until the signal aborts. */
  watch(onChange: () => void, signal: AbortSignal): void {
    this.#listeners.add(onChange);
    signal.addEventListener('abort', () => this.#listeners.delete(onChange), { once: true });
    if (!this.#isLooking) void this.#look();
  }

  /** Why a page that a claim names is not shown; undefined when it is shown, or the folder has not been read yet. */
  whyMissing(file: string): { readonly message: string; readonly hint?: string } | undefined {
    if (this.#files === undefined || hasPage(this.#files ?? new Set(), file)) return undefined;
    const dir = this.#dir();
    if (this.#files === null)
      return { message: `there is no page ${file}, for there is no folder ${dir}`, hint: 'see --pages' };
    const hint = didYouMean(file, this.#files);
    return { message: `there is no page ${file} in ${dir}`, hint: hint ?? 'see --pages' };
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const files = await readdir(this.#dir()).then(
      (names) => new Set(names),
      () => null,
    );
    const isNews = textOf(files) !== textOf(this.#files);
    this.#files = files;
    if (isNews) for (const onChange of this.#listeners) guarded('source', onChange)();
    this.#isLooking = this.#listeners.size > 0;
    if (this.#isLooking) this.#clock.after(LOOK_MS, () => void this.#look());
  }
}

function textOf(files: ReadonlySet<string> | null | undefined): string {
  return files ? JSON.stringify([...files].sort()) : String(files);
}

/** Whether one of the files is this page. `{status}` in the name of a page stands for any status. */
export function hasPage(files: ReadonlySet<string>, page: string): boolean {
  if (!page.includes('{status}')) return files.has(page);
  const [first = '', ...rest] = page.split('{status}');
  const last = rest.at(-1) ?? '';
  for (const file of files)
    if (file.startsWith(first) && file.endsWith(last) && /[45]\d\d/.test(file)) return true;
  return false;
}

/** The pages that a claim names, each with the key that names it. */
export function pagesOf({ settings }: Pick<Claim, 'settings'>): { key: string; file: string }[] {
  const fallbacks = (settings.fallback ?? []).flatMap((one) =>
    one.kind === 'page' ? { key: 'fallback', file: one.file } : [],
  );
  return [...fallbacks, ...(settings.errorPages ?? []).map(({ file }) => ({ key: 'errors', file }))];
}

/** A source that also reports the pages that its claims name and that do not exist. */
export function sourceWithPages(pages: PagesFolder, source: Source): Source {
  return sourceWith(source, (publish, signal) => {
    let latest: Contribution | undefined;
    let isWatched = false;
    const tell = () => {
      if (latest !== undefined) publish(withMissing(latest, pages));
    };
    const take = (contribution: Contribution) => {
      latest = contribution;
      const namesPages = contribution.claims.some(namesPage);
      if (namesPages && !isWatched) {
        isWatched = true;
        pages.watch(tell, signal);
      }
      tell();
    };
    source.watch(take, signal);
  });
}

function namesPage({ settings, isGone }: Claim): boolean {
  return !isGone && (settings.fallback !== undefined || settings.errorPages !== undefined);
}

function withMissing(contribution: Contribution, pages: PagesFolder): Contribution {
  const missing = contribution.claims.filter(namesPage).flatMap((claim): Problem[] =>
    pagesOf(claim).flatMap(({ key, file }) => {
      const why = pages.whyMissing(file);
      const { source, name: subject } = claim.origin;
      return why === undefined ? [] : { severity: 'notice', source, subject, where: key, ...why };
    }),
  );
  if (missing.length === 0) return contribution;
  return { ...contribution, problems: [...contribution.problems, ...missing] };
}
