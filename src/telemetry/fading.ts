import type { Snapshot } from '../model/snapshot.ts';
import type { ServiceStats, TrafficStats } from '../model/stats.ts';

/** How long a service without backends keeps its series after its last request, in milliseconds. */
const FADE_MS = 600_000;

/**
 * Decides which services have series. Containers come and go, and their services stay known without backends for a while.
 * The series of such a service end ten minutes after its last request, when Prometheus has long read the last values. A
 * service that comes back goes on from its old counts.
 */
export class Fading {
  /** For each service without backends: the sum of its counts, and since when that has not grown. */
  readonly #quiet = new Map<string, { readonly counted: number; readonly since: number }>();

  /**
   * The services that have series, with their stats.
   * @param now in milliseconds
   */
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

/** The sum of all numbers in an object, however deep: while it grows, something happens. */
function countAll(counted: object): number {
  let sum = 0;
  for (const value of Object.values(counted)) sum += typeof value === 'number' ? value : countAll(value);
  return sum;
}
