import { guarded } from '../telemetry/internal-errors.ts';

/** What is in force of a person's orders about one backend; it replaces what the sources say. */
export interface Override {
  readonly state?: 'drain' | 'maintenance';
  /** 0 to 256. */
  readonly weight?: number;
  /** When the state was ordered, or the weight if there is no state; in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Keeps overrides, by `lastingId` of their backends: in this process, or where other Fairleads keep theirs, too. Anybody
 * may have written what is in it, so values are `unknown` until `readOverride` has checked them.
 */
export interface OverrideStore {
  /** Returns all that is kept. Rejects when it cannot be read. */
  read(): Promise<ReadonlyMap<string, unknown>>;
  /** Keeps an override, or forgets it if it is undefined. Rejects when it is not certain that this was done. */
  write(id: string, override: Override | undefined): Promise<void>;
  /**
   * Reports every write from now on, by this process or others, in their order, until the signal aborts. The value undefined
   * means that the override was forgotten. Never gives up and never throws.
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

/** Checks a value from a store: returns the override, or a phrase that says what is wrong with it. Ignores unknown fields. */
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
