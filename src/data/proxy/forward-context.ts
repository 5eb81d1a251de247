import type { UpstreamContext } from '../http1/upstream-context.ts';
import type { RouteTable } from '../routing/table.ts';
import type { Settings } from '../settings.ts';
import type { Ejector } from '../upstream/ejection.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';
import type { Fallbacks } from './fallback.ts';
import type { ExchangeGuard } from './guard.ts';

/** What the straight line of a request needs of the rest of the data plane. */
export interface ForwardContext {
  readonly table: RouteTable<ServiceState>;
  readonly upstream: UpstreamContext;
  /** What callbacks call, instead of the life of a request itself. */
  readonly guard: ExchangeGuard;
  readonly fallbacks: Fallbacks;
  readonly ejector: Ejector;
  readonly settings: Settings;
  /** The name of this Fairlead in the Via of requests. */
  readonly instance: string;
  /** `Clock.elapsed`. */
  elapsed(): number;
  /** `Clock.after`. */
  after(delayMs: number, run: () => void): () => void;
  serviceNamed(name: string): ServiceState | undefined;
  /** Closes idle connections: there is no descriptor left for another. */
  makeRoom(): void;
  /** Counts and logs: called once for each exchange. */
  finished(exchange: Exchange): void;
}
