import type { Log } from '../../src/telemetry/log.ts';

/** A log, and its lines with their levels. */
export function makeLogged(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (...args: unknown[]) =>
      lines.push(`${level}: ${args.at(-1)}`);
  const log = { warn: write('warn'), info: write('info'), debug: write('debug') } as unknown as Log;
  return { log, lines };
}
