import type { LiveState } from '../admin/state.ts';
import type { Options } from '../config/options.ts';
import { systemClock } from '../model/clock.ts';
import { askAdmin, explainSilence } from './admin-client.ts';
import type { Given } from './command.ts';
import { readOptions } from './configuration.ts';
import { filterState, nearestService } from './status-filter.ts';
import { statusReport } from './status-report.ts';
import { statusTable, wholeTable } from './status-table.ts';
import { painted } from './styled.ts';
import { EXIT_FAILURE, EXIT_USAGE, print, printError, screenOf, type Terminal, write } from './terminal.ts';
import { type Answer, watch } from './watch.ts';

/** The time between two looks, in milliseconds, if none is given. */
const INTERVAL_MS = 2_000;
/** The least time between two looks, in milliseconds: asking more often would be a load. */
const LEAST_MS = 100;

/** Runs `fairlead status`: shows the table of a running Fairlead, once or again and again. */
export async function status({ operands, flags, options }: Given, terminal: Terminal): Promise<number> {
  const loaded = readOptions(options, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const [service] = operands;
  const isJson = flags['json'] !== undefined;
  const look = () => lookAt(loaded.options, service);
  if (flags['watch'] !== undefined) {
    const intervalMs = intervalOf(flags['watch']);
    return watch({ look, isJson, intervalMs, screen: () => screenOf(terminal), clock: systemClock });
  }
  const answer = await look();
  if ('error' in answer) {
    printError(`error: ${answer.error}`);
    return EXIT_FAILURE;
  }
  if (isJson) print(...JSON.stringify(statusReport(answer.state), undefined, 2).split('\n'));
  else await printTable(answer.state, terminal);
  return 0;
}

/** Asks for the present state of a service, or of all. */
async function lookAt(options: Options, service: string | undefined): Promise<Answer> {
  const answer = await askAdmin(options, '/api/snapshot');
  if (answer?.status !== 200) return { error: explainSilence(options, answer) };
  const state: LiveState = JSON.parse(answer.body);
  if (service === undefined) return { state };
  const part = filterState(state, service);
  if (part.services.length > 0) return { state: part };
  const meant = nearestService(state, service);
  return {
    error: `there is no service ${service}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  };
}

async function printTable(state: LiveState, terminal: Terminal): Promise<void> {
  const screen = screenOf(terminal);
  const look = { hasColor: screen?.hasColor ?? false, ...(screen && { columns: screen.columns }) };
  const lines = wholeTable(statusTable(state, screen?.columns));
  await write(lines.map((line) => `${painted(line, look).trimEnd()}\n`).join(''));
}

/** Parses an interval such as `500ms`, `1.5s` or `1m` to milliseconds; a number alone is seconds, as in `watch -n`. */
function intervalOf(text: string): number {
  const [, number, unit = 's'] = /^([\d.]+)(ms|s|m)?$/.exec(text) ?? [];
  if (number === undefined) return INTERVAL_MS;
  return Math.max(LEAST_MS, Number(number) * { ms: 1, s: 1_000, m: 60_000 }[unit as 'ms' | 's' | 'm']);
}
