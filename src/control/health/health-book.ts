import type { Backend } from '../../model/backend.ts';
import type { Changes } from '../../model/changes.ts';
import type { BackendHealth, SourceHealth } from '../../model/health.ts';
import type { Service } from '../../model/service.ts';
import { EMPTY_SNAPSHOT } from '../../model/snapshot.ts';
import { BackendRecord } from './backend-record.ts';
import type { Target } from './checker.ts';
import type { CheckState } from './verdict.ts';

/** A backend's record, and how it is probed. */
interface Known {
  readonly target: Target;
  readonly record: BackendRecord;
}

/** The records of all backends. Only those are judged again about which there is something new, since there may be thousands. */
export class HealthBook {
  /** By `Backend.id`. */
  readonly #known = new Map<string, Known>();
  /** The records that share a target, by `Target.key`. */
  readonly #probedAs = new Map<string, Set<BackendRecord>>();
  readonly #touched = new Set<BackendRecord>();
  #sourceHealth: SourceHealth = {};
  #health: ReadonlyMap<string, BackendHealth> = EMPTY_SNAPSHOT.health;

  get size(): number {
    return this.#known.size;
  }

  get(backendId: string): Known | undefined {
    return this.#known.get(backendId);
  }

  /** Takes the backends of services that changed, and returns the targets to probe. Records of backends that stay are kept. */
  update({ gone, fresh }: Changes<Service>): Changes<Target> {
    const left = new Map<string, Known>();
    for (const { id } of gone.flatMap(({ backends }) => backends)) {
      const known = this.#known.get(id);
      if (known === undefined) continue;
      left.set(id, known);
      this.#known.delete(id);
      this.#touched.delete(known.record);
      this.#probedAs.get(known.target.key)?.delete(known.record);
    }
    const targets: Target[] = [];
    for (const service of fresh) {
      const check = JSON.stringify(service.health);
      for (const backend of service.backends) {
        const target = targetOf(service, backend, check);
        const record = left.get(backend.id)?.record ?? new BackendRecord(backend.id);
        this.#known.set(backend.id, { target, record });
        this.#touched.add(record);
        const others = this.#probedAs.get(target.key);
        if (others === undefined) this.#probedAs.set(target.key, new Set([record]));
        else others.add(record);
        targets.push(target);
      }
    }
    return { gone: this.#unprobed(left.values()), fresh: targets };
  }

  #unprobed(left: Iterable<Known>): Target[] {
    const unprobed: Target[] = [];
    for (const { target } of left) {
      if (this.#probedAs.get(target.key)?.size !== 0) continue;
      this.#probedAs.delete(target.key);
      unprobed.push(target);
    }
    return unprobed;
  }

  /** Has a record judged again, because there is something new about it. Ignores a record whose backend has left. */
  touch(record: BackendRecord): void {
    if (this.#known.get(record.id)?.record === record) this.#touched.add(record);
  }

  /** The records of all backends that are probed by this target. */
  ofTarget(target: Target): Iterable<BackendRecord> {
    return this.#probedAs.get(target.key) ?? [];
  }

  /**
   * The health of all backends, by `Backend.id`; the same map as before if nobody's health changed.
   * @param sourceHealth what sources and people say
   */
  judge(
    sourceHealth: SourceHealth,
    check: (backendId: string) => CheckState | undefined,
    now: number,
  ): ReadonlyMap<string, BackendHealth> {
    for (const id of Object.keys({ ...this.#sourceHealth, ...sourceHealth })) {
      const record = this.#known.get(id)?.record;
      if (record !== undefined && sourceHealth[id] !== this.#sourceHealth[id]) this.#touched.add(record);
    }
    this.#sourceHealth = sourceHealth;
    const changed: [string, BackendHealth][] = [];
    for (const record of this.#touched) {
      const { id } = record;
      const health = record.judge({ source: sourceHealth[id], check: check(id) }, now);
      if (health !== this.#health.get(id)) changed.push([id, health]);
    }
    this.#touched.clear();
    if (changed.length === 0 && this.#health.size === this.#known.size) return this.#health;
    const all = new Map(this.#health);
    for (const [id, health] of changed) all.set(id, health);
    if (all.size > this.#known.size) for (const id of all.keys()) if (!this.#known.has(id)) all.delete(id);
    this.#health = all;
    return all;
  }
}

/** @param check the health check of the service, as JSON */
function targetOf(service: Service, backend: Backend, check: string): Target {
  // The id without the service identifies the process, which is probed once even if two services have it.
  const { host, port } = backend.address;
  const process = `${backend.id.slice(service.name.length + 1)} ${host}:${port}`;
  const key = `${process} ${check}`;
  const { address, origin, caveat } = backend;
  return { process, key, address, check: service.health, origin, ...(caveat !== undefined && { caveat }) };
}
