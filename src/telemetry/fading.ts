import type { Snapshot } from '../model/snapshot.ts';
import type { ServiceStats, TrafficStats } from '../model/stats.ts';

/** So long after its last request a service that has no backends keeps its series, in milliseconds. */
const FADE_MS = 600_000;

/**
 * Tells which services have series. Containers come and go, and for a while their services are known without them: of
 * those only what still happens, or has happened lately, is told, which is long enough for Prometheus to have read the
 * last values. One that comes back goes on from them.
 */
export class Fading {
  /** Of services without backends: all that was counted, and since when it is no more. */
  readonly #quiet = new Map<string, { readonly counted: number; readonly since: number }>();

  /** @param now in milliseconds */
  *told(stats: TrafficStats, snapshot: Snapshot, now: number): Iterable<[string, ServiceStats]> {
    const served = new Set<string>();
    for (const { name, backends } of snapshot.services) if (backends.length > 0) served.add(name);
    for (const name of this.#quiet.keys())
      if (served.has(name) || stats.services[name] === undefined) this.#quiet.delete(name);
    for (const [name, service] of Object.entries(stats.services))
      if (served.has(name) || this.#isRecent(name, service, now)) yield [name, service];
  }

  #isRecent(name: string, service: ServiceStats, now: number): boolean {
    const counted = countAll(service);
    const quiet = this.#quiet.get(name);
    if (quiet?.counted === counted) return now - quiet.since < FADE_MS;
    if (counted === 0) return false;
    this.#quiet.set(name, { counted, since: now });
    return true;
  }
}

/** The sum of all numbers, however deep: one that grows tells that something happens. */
function countAll(counted: object): number {
  let sum = 0;
  for (const value of Object.values(counted)) sum += typeof value === 'number' ? value : countAll(value);
  return sum;
}
