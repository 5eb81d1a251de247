import { guarded } from '../telemetry/internal-errors.ts';

/** What a person's orders about one backend have left: it holds in place of what the sources say. */
export interface Override {
  readonly state?: 'drain' | 'maintenance';
  /** 0 to 256. */
  readonly weight?: number;
  /** When the state was ordered, else when the weight was, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Where overrides are kept, by `lastingId` of their backends: here, or where other Fairleads have theirs, too. What comes
 * out of it anybody may have written, so it is `unknown` until it was judged (`readOverride`).
 */
export interface OverrideStore {
  /** All that is kept. Rejects when that cannot be known. */
  read(): Promise<ReadonlyMap<string, unknown>>;
  /** Keeps an override, or forgets it where it is undefined. Rejects when that is not certain. */
  write(id: string, override: Override | undefined): Promise<void>;
  /**
   * Tells what is written from now on, by whomever, in that order, until the signal aborts; undefined is what was
   * forgotten. Never gives up and never throws.
   */
  watch(onWrite: (id: string, value: unknown) => void, signal: AbortSignal): void;
}

/** Keeps overrides for as long as this process lives. */
export class MemoryOverrideStore implements OverrideStore {
  readonly #kept = new Map<string, unknown>();
  readonly #watchers = new Set<(id: string, value: unknown) => void>();

  async read(): Promise<ReadonlyMap<string, unknown>> {
    return new Map(this.#kept);
  }

  async write(id: string, override: Override | undefined): Promise<void> {
    this.#kept.delete(id);
    if (override !== undefined) this.#kept.set(id, override);
    for (const tell of this.#watchers) tell(id, override);
  }

  watch(onWrite: (id: string, value: unknown) => void, signal: AbortSignal): void {
    const tell = guarded('source', onWrite);
    this.#watchers.add(tell);
    signal.addEventListener('abort', () => this.#watchers.delete(tell), { once: true });
  }
}

/** What a store kept as an override, or what is wrong with it: a sentence about the value. Fields that are not known are none of it. */
export function readOverride(value: unknown): Override | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no object';
  const { state, weight, at } = value as Readonly<Record<string, unknown>>;
  if (state !== undefined && state !== 'drain' && state !== 'maintenance')
    return 'has a state that is neither drain nor maintenance';
  const isWeight = typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= 256;
  if (weight !== undefined && !isWeight) return 'has a weight that is no whole number from 0 to 256';
  if (state === undefined && weight === undefined) return 'says neither a state nor a weight';
  if (typeof at !== 'number' || !Number.isFinite(at) || at < 0) return 'does not say when it was ordered';
  return { ...(state !== undefined && { state }), ...(isWeight && { weight }), at };
}
