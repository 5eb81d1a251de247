/** Upper bounds of the duration histogram, in seconds: powers of two of 0.25 ms, up to half a minute. */
export const DURATION_BOUNDS: readonly number[] = Array.from({ length: 18 }, (_, i) => 0.00025 * 2 ** i);
const LAST_BOUND_MS = (DURATION_BOUNDS.at(-1) as number) * 1_000;

/** Upper bounds of the histogram of how long connections spoke another protocol, in seconds: a second to a day. */
export const UPGRADED_BOUNDS: readonly number[] = [1, 10, 60, 600, 3_600, 21_600, 86_400];

/** Connections that spoke another protocol and are closed: a WebSocket's life is no request's duration. */
export interface UpgradedStats {
  /** By duration: the first bound that is not below it; one more for the rest. */
  readonly durations: number[];
  durationSumMs: number;
  /** Bytes from clients, and to them, in that protocol. */
  bytesIn: number;
  bytesOut: number;
}

/** What the data plane counts for a service: plain numbers, so that counting costs next to nothing. */
export interface ServiceStats {
  /** Finished requests by status code (the index). */
  readonly codes: number[];
  /** Finished requests but for upgrades, by duration: the first bound that is not below it; one more for the rest. */
  readonly durations: number[];
  durationSumMs: number;
  readonly upgraded: UpgradedStats;
  retries: number;
  /** Retries and hedges that the budget did not pay for. */
  retriesDenied: number;
  /** Second attempts, made while the first one's backend hung. */
  hedges: number;
  /** Those of them that answered first. */
  hedgesWon: number;
  fallbacks: number;
  /** Requests that wait for a backend now. */
  waiting: number;
  /** Requests that had to wait for a backend, and those of them that got none. */
  waited: number;
  waitedInVain: number;
}

export interface BackendStats {
  requests: number;
  /** Attempts that failed, by the code of the error. */
  readonly failures: Record<string, number>;
  connectionsOpened: number;
  /** How often failed requests took it out, by cause. */
  readonly ejections: Record<string, number>;
}

export function makeServiceStats(): ServiceStats {
  return {
    codes: new Array(600).fill(0),
    durations: new Array(DURATION_BOUNDS.length + 1).fill(0),
    durationSumMs: 0,
    upgraded: {
      durations: new Array(UPGRADED_BOUNDS.length + 1).fill(0),
      durationSumMs: 0,
      bytesIn: 0,
      bytesOut: 0,
    },
    retries: 0,
    retriesDenied: 0,
    hedges: 0,
    hedgesWon: 0,
    fallbacks: 0,
    waiting: 0,
    waited: 0,
    waitedInVain: 0,
  };
}

export function makeBackendStats(): BackendStats {
  return { requests: 0, failures: {}, connectionsOpened: 0, ejections: {} };
}

/** Which bucket of `durations` a duration belongs to. */
export function durationBucket(durationMs: number): number {
  if (durationMs <= 0.25) return 0;
  // Days would not fit into the 32 bits below.
  if (durationMs > LAST_BOUND_MS) return DURATION_BOUNDS.length;
  // ceil(log2(x)) of a whole number by its leading zeros: no logarithm on the path of a request.
  const quarters = Math.ceil(durationMs * 4);
  return 32 - Math.clz32(quarters - 1);
}

export interface ListenerStats {
  /** Clients that have a place. */
  connections: number;
  connectionsTotal: number;
}

/** What the data plane tells of itself at one moment. */
export interface TrafficStats {
  readonly services: Readonly<Record<string, ServiceStats>>;
  /** By `Backend.id`. */
  readonly backends: Readonly<
    Record<string, BackendStats & { readonly inFlight: number; readonly idle: number }>
  >;
  /** Requests that no service got, by status code. */
  readonly unrouted: readonly number[];
  /** By `Listener.name`, of those where somebody has connected. */
  readonly listeners: Readonly<Record<string, ListenerStats>>;
  /** Of all of them. */
  readonly clientConnections: number;
  readonly clientConnectionsTotal: number;
  /** Connections that were refused because all, or all that one client may have, were in use. */
  readonly clientsRefusedFull: number;
  readonly clientsRefusedPerClient: number;
  /** Idle connections that were closed to make room. */
  readonly clientsClosedIdle: number;
  readonly upgrades: number;
  /** What code of a worker's process threw and should not have, by place. */
  readonly internalErrors: Readonly<Record<string, number>>;
  /** Lines that a worker's process could not write to its supervisor, by log. */
  readonly linesLost: Readonly<Record<string, number>>;
}

/** What tells of now, not of so far: it ends with the process that it tells of. */
const GAUGES: ReadonlySet<string> = new Set<
  keyof TrafficStats | keyof ServiceStats | keyof ListenerStats | keyof TrafficStats['backends'][string]
>(['waiting', 'inFlight', 'idle', 'clientConnections', 'connections', 'upgrades']);

export const NO_TRAFFIC: TrafficStats = {
  services: {},
  backends: {},
  unrouted: [],
  listeners: {},
  clientConnections: 0,
  clientConnectionsTotal: 0,
  clientsRefusedFull: 0,
  clientsRefusedPerClient: 0,
  clientsClosedIdle: 0,
  upgrades: 0,
  internalErrors: {},
  linesLost: {},
};

/** What several processes have counted together. */
export function sumStats(all: readonly TrafficStats[]): TrafficStats {
  return all.reduce((sum, stats) => add(sum as never, stats as never) as never, NO_TRAFFIC);
}

/** What stays of a process that is gone: what it has counted so far. */
export function countersOf(stats: TrafficStats): TrafficStats {
  return withoutGauges(stats as never) as never;
}

/** Stats are a tree of numbers, so that whatever is counted is summed. */
type Tree = number | readonly Tree[] | { readonly [key: string]: Tree };

function add(a: Tree, b: Tree): Tree {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) {
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0));
  }
  const sum: Record<string, Tree> = { ...(a as Record<string, Tree>) };
  for (const [key, tree] of Object.entries(b)) {
    const before = sum[key];
    sum[key] = before === undefined ? tree : add(before, tree);
  }
  return sum;
}

function withoutGauges(tree: Tree): Tree {
  if (typeof tree === 'number' || Array.isArray(tree)) return tree;
  const entries = Object.entries(tree).map(([key, branch]) => [
    key,
    typeof branch === 'number' && GAUGES.has(key) ? 0 : withoutGauges(branch),
  ]);
  return Object.fromEntries(entries);
}

/** Finished requests, with and without a service. */
export function countRequests({ services, unrouted }: TrafficStats): number {
  let count = 0;
  for (const { durations } of Object.values(services)) for (const one of durations) count += one;
  for (const one of unrouted) count += one ?? 0;
  return count;
}
