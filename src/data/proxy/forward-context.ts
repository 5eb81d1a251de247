import type { RouteTable } from '../routing/table.ts';
import type { Runtime } from '../runtime.ts';
import type { Judges } from '../upstream/judges.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Connector } from './attempt.ts';
import type { RouteFilters } from './filters/filter.ts';
import type { Ledger } from './ledger.ts';
import type { StandIns } from './stand-ins.ts';

/** What the life of a request needs of the rest of the data plane. */
export interface ForwardContext {
  readonly runtime: Runtime;
  readonly topology: {
    readonly table: RouteTable<ServiceState, RouteFilters>;
    serviceNamed(name: string): ServiceState | undefined;
  };
  readonly judges: Judges;
  readonly connector: Connector;
  readonly standIns: StandIns;
  readonly ledger: Ledger;
  /** Closes idle connections, because the process has no file descriptor left. */
  makeRoom(): void;
}
