/** Upper bounds of the histogram of request durations, in seconds: powers of two times 0.25 ms, up to half a minute. */
export const DURATION_BOUNDS: readonly number[] = Array.from({ length: 18 }, (_, i) => 0.00025 * 2 ** i);
const LAST_BOUND_MS = (DURATION_BOUNDS.at(-1) as number) * 1_000;

/** Upper bounds of the histogram of upgraded connections, in seconds: from a second to a day. */
export const UPGRADED_BOUNDS: readonly number[] = [1, 10, 60, 600, 3_600, 21_600, 86_400];

/** Counts upgraded connections that have closed: the life of a WebSocket is not the duration of a request. */
export interface UpgradedStats {
  /** Counts by the first bound that is not below the duration; the last one is for longer durations. */
  readonly durations: number[];
  durationSumMs: number;
  /** Bytes from clients (in) and to them (out) after the upgrade. */
  bytesIn: number;
  bytesOut: number;
}

/** What the data plane counts for a service: plain numbers, so that counting costs next to nothing. */
export interface ServiceStats {
  /** Finished requests by status code (the index). */
  readonly codes: number[];
  /** Finished requests without upgrades, counted like `UpgradedStats.durations`. */
  readonly durations: number[];
  durationSumMs: number;
  readonly upgraded: UpgradedStats;
  retries: number;
  /** Retries and hedges that the budget did not pay for. */
  retriesDenied: number;
  /** Second attempts that were made because the backend of the first one hung. */
  hedges: number;
  /** How many of these were faster than the first attempt. */
  hedgesWon: number;
  fallbacks: number;
  /** Requests that are in the queue now. */
  waiting: number;
  /** Requests that had to wait for a backend, and how many of them got none. */
  waited: number;
  waitedInVain: number;
}

export interface BackendStats {
  requests: number;
  /** Attempts that failed, by the code of the error. */
  readonly failures: Record<string, number>;
  connectionsOpened: number;
  /** How often requests took the backend out, by cause. */
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

/** The index in `durations` of a duration. */
export function durationBucket(durationMs: number): number {
  if (durationMs <= 0.25) return 0;
  // A duration of days would not fit into the 32 bits below.
  if (durationMs > LAST_BOUND_MS) return DURATION_BOUNDS.length;
  // The leading zeros of a whole number give ceil(log2(x)), so that a request costs no logarithm.
  const quarters = Math.ceil(durationMs * 4);
  return 32 - Math.clz32(quarters - 1);
}

export interface ListenerStats {
  /** Connections that are admitted now. */
  connections: number;
  connectionsTotal: number;
}

/** What the data plane has counted, and its state at one moment. */
export interface TrafficStats {
  readonly services: Readonly<Record<string, ServiceStats>>;
  /** The stats of backends, by `Backend.id`. */
  readonly backends: Readonly<
    Record<string, BackendStats & { readonly inFlight: number; readonly idle: number }>
  >;
  /** Requests that reached no service, by status code. */
  readonly unrouted: readonly number[];
  /** The stats of listeners that had a connection, by `Listener.name`. */
  readonly listeners: Readonly<Record<string, ListenerStats>>;
  /** Connections of all listeners. */
  readonly clientConnections: number;
  readonly clientConnectionsTotal: number;
  /** Connections refused because as many were open as all clients, or one client, may have. */
  readonly clientsRefusedFull: number;
  readonly clientsRefusedPerClient: number;
  /** Idle connections closed to make room. */
  readonly clientsClosedIdle: number;
  readonly upgrades: number;
  /** TLS handshakes that have ended, by how. */
  readonly handshakes: Readonly<Record<string, number>>;
  /** TLS handshakes that run. */
  readonly handshaking: number;
  /** Internal errors of worker processes, by origin. */
  readonly internalErrors: Readonly<Record<string, number>>;
  /** Lines that worker processes could not write, by log. */
  readonly linesLost: Readonly<Record<string, number>>;
}

/** The numbers that describe the present; unlike counts they end with their process. */
const GAUGES: ReadonlySet<string> = new Set<
  keyof TrafficStats | keyof ServiceStats | keyof ListenerStats | keyof TrafficStats['backends'][string]
>(['waiting', 'inFlight', 'idle', 'clientConnections', 'connections', 'upgrades', 'handshaking']);

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
  handshakes: {},
  handshaking: 0,
  internalErrors: {},
  linesLost: {},
};

/** Adds up the stats of several processes. */
export function sumStats(all: readonly TrafficStats[]): TrafficStats {
  return all.reduce((sum, stats) => add(sum as never, stats as never) as never, NO_TRAFFIC);
}

/** What remains of the stats of a process that has ended: its counts. */
export function countersOf(stats: TrafficStats): TrafficStats {
  return withoutGauges(stats as never) as never;
}

/** Stats, seen as a tree of numbers, so that whatever is added to them is summed, too. */
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

/** The number of finished requests, with and without a service. */
export function countRequests({ services, unrouted }: TrafficStats): number {
  let count = 0;
  for (const { durations } of Object.values(services)) for (const one of durations) count += one;
  for (const one of unrouted) count += one ?? 0;
  return count;
}
