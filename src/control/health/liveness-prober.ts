import type { Clock } from '../../model/clock.ts';
import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { BackendRecord } from './backend-record.ts';
import type { Target } from './checker.ts';
import type { Probe } from './probe.ts';

/** The time between two probes of a backend that does not answer, in milliseconds. */
const AGAIN_MS = 250;

/**
 * Probes silent backends for life, again and again until one answers or requests charge it no more. A check would not do:
 * a frozen process still accepts connections, and a backend whose check fails may well be alive.
 */
export class LivenessProber {
  readonly #clock: Clock;
  readonly #probe: Probe;
  readonly #onProof: (record: BackendRecord) => void;
  readonly #asking = new Set<BackendRecord>();
  #isStopped = false;

  /** @param onProof called when a record has got a proof of life that outweighs its charge */
  constructor(clock: Clock, probe: Probe, onProof: (record: BackendRecord) => void) {
    this.#clock = clock;
    this.#probe = probe;
    this.#onProof = onProof;
  }

  /** Probes a backend at once, unless that is under way already. Backends of services without checks are never probed. */
  ask(target: Target, record: BackendRecord): void {
    if (this.#asking.has(record) || target.check.type === 'none') return;
    this.#asking.add(record);
    this.#askFor(target, record);
  }

  stop(): void {
    this.#isStopped = true;
  }

  #askFor(target: Target, record: BackendRecord): void {
    this.#ask(target, record).catch((error) => {
      internalErrors.report('probe', error);
      this.#asking.delete(record);
    });
  }

  async #ask(target: Target, record: BackendRecord): Promise<void> {
    const at = this.#clock.now();
    const { isPass } = await this.#probe(target.address, target.check, 'life');
    const isNews = isPass && record.takeProof({ kind: 'life', at });
    if (isNews) this.#onProof(record);
    if (isNews || record.charge?.proof !== 'life' || this.#isStopped) this.#asking.delete(record);
    else this.#clock.after(AGAIN_MS, () => this.#askFor(target, record));
  }
}
