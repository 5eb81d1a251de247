import type { AdminView } from './admin/admin-server.ts';
import type { ControlPlane } from './control/control-plane.ts';
import type { Entrance } from './entrance.ts';
import type { BackendOrder } from './model/admin.ts';
import type { Clock } from './model/clock.ts';
import type { DataPlaneHost } from './model/data-plane.ts';
import type { Explanation, Unexplained } from './model/explanation.ts';
import type { Snapshot } from './model/snapshot.ts';
import { internalErrors } from './telemetry/internal-errors.ts';
import { makeMetrics } from './telemetry/metrics.ts';
import { linesLost } from './telemetry/output.ts';
import { VERSION } from './version.ts';

/** Whom the admin address asks. */
export interface Shown {
  readonly control: ControlPlane;
  readonly dataPlane: DataPlaneHost;
  readonly entrance: Entrance;
  readonly clock: Clock;
  readonly instance: string;
  readonly startedAt: number;
  /** With all problems that there are. */
  snapshot(): Snapshot;
  explain(subject: string): Explanation | Unexplained;
}

/** What the admin address shows of a running Fairlead. There are no keys in it, and no other secrets. */
export function adminView({ control, dataPlane, entrance, clock, ...shown }: Shown): AdminView {
  const { instance, startedAt, snapshot, explain } = shown;
  const base = {
    version: VERSION,
    instance,
    internalErrors: () => internalErrors.counts,
    now: () => clock.now(),
    snapshot,
    stats: () => dataPlane.stats(),
    workers: () => dataPlane.workers(),
    slots: () => dataPlane.slots(),
    linesLost,
    listeners: () => entrance.listeners,
    certificates: () => control.certificates?.report ?? [],
  };
  const registry = makeMetrics(base);
  return {
    ...base,
    startedAt,
    lastCheck: (backendId) => control.check(backendId),
    history: (backendId) => control.history(backendId),
    explain,
    authority: () => control.certificates?.root,
    order: (subject: string, order: BackendOrder) => control.order(subject, order),
    refresh: () => dataPlane.refresh(),
    readiness: () => entrance.readiness(),
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
