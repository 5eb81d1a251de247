import type { LiveBackend, LiveState } from '../admin/state.ts';
import { formatAddress } from '../model/address.ts';
import { describeFlags } from '../model/health.ts';
import { formatProblem } from '../model/problem.ts';
import { routeName } from '../model/route.ts';
import { visible } from '../model/visible.ts';
import { askAdmin, explainSilence } from './admin-client.ts';
import { EXIT_FAILURE, EXIT_USAGE, print, printError, readOptions, type Terminal } from './terminal.ts';

/** The live table of a running Fairlead. */
export async function status(args: readonly string[], terminal: Terminal): Promise<number> {
  const loaded = readOptions(args, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const answer = await askAdmin(loaded.options, '/api/snapshot');
  if (answer?.status !== 200) {
    printError(`error: ${explainSilence(loaded.options, answer)}`);
    return EXIT_FAILURE;
  }
  print(...statusLines(JSON.parse(answer.body)));
  return 0;
}

/** The table, a line each. */
export function statusLines(state: LiveState): string[] {
  const rows = state.services.flatMap((service) => {
    const routes = state.routes.filter((route) => route.service === service.name).map(routeName);
    const backends = service.backends.map((backend) => [
      '',
      `  ${backend.name}`,
      ...backendCells(backend, state.now),
    ]);
    const waiting = service.waiting > 0 ? `${service.waiting} waiting` : '';
    const empty = service.backends.length === 0 ? [['', '  no backends', '', '', '', '', '']] : [];
    return [
      [service.name, routes.join(', ') || 'no route', '', '', waiting, String(service.requests), ''],
      ...backends,
      ...empty,
    ];
  });
  const header = ['SERVICE', 'ROUTE / BACKEND', 'ADDRESS', 'WEIGHT', 'STATE', 'REQUESTS', 'SINCE'];
  const sources = state.sources.map((source) => {
    const since =
      source.staleSince === undefined
        ? ''
        : ` since ${ago(state.now - source.staleSince)}: ${source.error ?? 'not connected yet'}`;
    return `${source.name} (${source.target}): ${source.connected ? 'connected' : `stale${since}`}`;
  });
  return [
    `Fairlead ${state.fairlead}, up ${ago(state.now - state.startedAt)}, version ${state.version} of the table`,
    ...sources,
    ...workerLines(state),
    '',
    ...(rows.length === 0
      ? ['No services yet: give a container the label fairlead.host=NAME.']
      : table([header, ...rows])),
    ...(state.problems.length === 0 ? [] : ['', 'Problems']),
    ...state.problems.map((problem) => `  ${problem.severity}: ${formatProblem(problem)}`),
  ];
}

/** A single worker is the process itself. */
function workerLines({ workers, now }: LiveState): string[] {
  if (workers.length === 1) return [];
  return workers.map(({ worker, pid, state, startedAt, connections, requests, restarts }) => {
    const counts = `${connections} connections, ${requests} requests, ${restarts} restarts`;
    return `worker ${worker} (${pid}): ${state}, up ${ago(now - startedAt)}, ${counts}`;
  });
}

function backendCells(backend: LiveBackend, now: number): string[] {
  const { flags, reason, since } = backend.health;
  const isOut = flags.length > 0;
  const state = isOut
    ? `${describeFlags(flags)}: ${reason}`
    : backend.weight === 0
      ? 'weight 0'
      : 'available';
  const configured =
    backend.configuredWeight === undefined ? '' : ` (configured ${backend.configuredWeight})`;
  const weight = `${backend.weight}${configured}${backend.backup ? ' backup' : ''}`;
  return [formatAddress(backend.address), weight, state, String(backend.requests), ago(now - since)];
}

function table(texts: readonly (readonly string[])[]): string[] {
  // Before it is measured.
  const rows = texts.map((row) => row.map(visible));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  return `${Math.floor(seconds / 3_600)}h${Math.floor((seconds % 3_600) / 60)}m`;
}
