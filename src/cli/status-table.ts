import type { LiveBackend, LiveService, LiveState } from '../admin/state.ts';
import { formatAddress } from '../model/address.ts';
import { describeFlags } from '../model/health.ts';
import { formatProblem } from '../model/problem.ts';
import { routeName } from '../model/route.ts';
import { listFew } from '../model/text.ts';
import { columnsOf } from './columns.ts';
import { illFirst, isOut, stateOfService } from './status-filter.ts';
import { type Line, plain, span, type Tone } from './styled.ts';

const HEADER = ['SERVICE', 'ROUTE / BACKEND', 'ADDRESS', 'WEIGHT', 'STATE', 'REQUESTS', 'SINCE'];

/** The parts of what `status` shows, as lines. */
export interface StatusTable {
  /** Fairlead itself, its sources and its workers. */
  readonly head: readonly Line[];
  /** The names of the columns, and a row for each service and backend in the order of `illFirst`. */
  readonly rows: readonly Line[];
  readonly problems: readonly Line[];
}

/** @param columns the width of the terminal, to which rows are shortened */
export function statusTable(state: LiveState, columns?: number): StatusTable {
  const up = ago(state.now - state.startedAt);
  const rows = serviceRows(state);
  return {
    head: [
      [span(`Fairlead ${state.fairlead}, up ${up}, version ${state.version} of the table`)],
      ...sourceLines(state),
      ...listenerLines(state),
      ...workerLines(state),
    ],
    rows:
      rows.length === 0
        ? [[span('No services yet: give a container the label fairlead.host=NAME.')]]
        : columnsOf([HEADER.map((name) => span(name, 'strong')), ...rows], columns),
    problems: state.problems.map((problem) => {
      const tone = problem.severity === 'error' ? 'ill' : 'warn';
      return [span('  '), span(`${problem.severity}:`, tone), span(` ${formatProblem(problem)}`)];
    }),
  };
}

/** The whole table, as it is printed once. */
export function wholeTable({ head, rows, problems }: StatusTable): Line[] {
  const below = problems.length === 0 ? [] : [[], [span('Problems', 'strong')], ...problems];
  return [...head, [], ...rows, ...below];
}

/** The whole table as text. */
export function statusLines(state: LiveState): string[] {
  return wholeTable(statusTable(state)).map(plain);
}

function serviceRows(state: LiveState): Line[] {
  const routes = Map.groupBy(state.routes, ({ service }) => service);
  return illFirst(state.services).flatMap((service) => [
    serviceRow(service, (routes.get(service.name) ?? []).map(routeName)),
    ...service.backends.map((backend) => backendRow(backend, state.now)),
    ...(service.backends.length === 0 ? [absenceRow(service, state.now)] : []),
  ]);
}

function absenceRow({ absence }: LiveService, now: number): Line {
  const { names = [], removed } = absence ?? {};
  const tone = removed === undefined ? 'ill' : 'faint';
  const idle = names.length === 0 ? '' : `no container serves: ${listFew(names, 3)}`;
  const why = removed === undefined ? idle : `${names} was removed, forgotten in ${ago(removed.until - now)}`;
  return [
    span(''),
    span('  no backends', tone),
    span(''),
    span(''),
    span(why, tone),
    span(''),
    span(removed === undefined ? '' : ago(now - removed.at)),
  ];
}

function serviceRow(service: LiveService, routes: readonly string[]): Line {
  const waiting = service.waiting > 0 ? `${service.waiting} waiting` : '';
  const tones = { available: undefined, degraded: 'warn', unavailable: 'ill' } as const;
  const tone = service.absence?.removed === undefined ? tones[stateOfService(service)] : 'faint';
  return [
    span(service.name, tone),
    span(routes.join(', ') || 'no route'),
    span(''),
    span(''),
    span(waiting, 'warn'),
    span(String(service.requests)),
    span(''),
  ];
}

function backendRow(backend: LiveBackend, now: number): Line {
  const { flags, reason, since } = backend.health;
  const well = backend.weight === 0 ? 'weight 0' : 'available';
  const state = isOut(backend) ? `${describeFlags(flags)}: ${reason}` : well;
  const configured =
    backend.configuredWeight === undefined ? '' : ` (configured ${backend.configuredWeight})`;
  return [
    span(''),
    span(`  ${backend.name}`),
    span(formatAddress(backend.address)),
    span(`${backend.weight}${configured}${backend.backup ? ' backup' : ''}`),
    span(state, toneOf(backend)),
    span(String(backend.requests)),
    span(ago(now - since)),
  ];
}

/** The colour of a backend: what a person ordered, or what passes by itself, is not as bad as a failure. */
function toneOf({ health: { flags }, weight }: LiveBackend): Tone | undefined {
  if (flags.includes('FailedCheck') || flags.includes('Ejected')) return 'ill';
  return flags.length > 0 || weight === 0 ? 'warn' : undefined;
}

function sourceLines({ sources, now }: LiveState): Line[] {
  return sources.map(({ name, target, connected, staleSince, error }) => {
    const since = staleSince === undefined ? '' : ` since ${ago(now - staleSince)}`;
    const why = staleSince === undefined ? '' : `: ${error ?? 'not connected yet'}`;
    const state = connected ? span('connected') : span(`stale${since}${why}`, 'ill');
    return [span(`${name} (${target}): `), state];
  });
}

/** A line for each listener, if there are several. */
function listenerLines({ listeners }: LiveState): Line[] {
  if (listeners.length === 1) return [];
  return listeners.map(({ name, address, connections }) => [
    span(`listener ${name} (${formatAddress(address)}): ${connections} connections`),
  ]);
}

/** A line for each worker, if there are several. */
function workerLines({ workers, now }: LiveState): Line[] {
  if (workers.length === 1) return [];
  return workers.map(({ worker, pid, state, startedAt, connections, requests, restarts }) => {
    const counts = `${connections} connections, ${requests} requests, ${restarts} restarts`;
    return [span(`worker ${worker} (${pid}): ${state}, up ${ago(now - startedAt)}, ${counts}`)];
  });
}

/** Writes how long ago something was, in the units that people would use. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  return `${Math.floor(seconds / 3_600)}h${Math.floor((seconds % 3_600) / 60)}m`;
}
