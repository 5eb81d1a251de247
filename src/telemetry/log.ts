import pino from 'pino';
import { prettyFactory } from 'pino-pretty';
import { visible } from '../model/visible.ts';
import { outputOf } from './output.ts';

/** Where the program says what it does. */
export type Log = pino.Logger;

export interface LogOptions {
  readonly logLevel: string;
  readonly logFormat: 'auto' | 'pretty' | 'json';
}

/** A log whose level and format may change. */
export interface ProgramLog {
  readonly log: Log;
  change(options: LogOptions): void;
}

/**
 * Lines on standard error: for people on a terminal, JSON elsewhere. Standard output belongs to the access log. Also
 * tells of lines of either that were lost.
 * @param isTerminal standard error is one
 * @param fields what all lines have, such as the number of a worker
 */
export function openLog(options: LogOptions, isTerminal: boolean, fields: object = {}): ProgramLog {
  const output = outputOf(2);
  let toLine = lineFormat(options, isTerminal);
  const write = (json: string) => output.write(Buffer.from(toLine(json)), 'program');
  const log = makeLog(options.logLevel, { write }, fields);
  for (const one of new Set([output, outputOf(1)])) {
    one.listen({
      // Of its own loss it would tell in vain.
      onLosing: (name, why) => one !== output && log.warn(`lines of the ${name} log are lost: ${why}`),
      onLost: (name, lines, why) => log.warn(`${lines} lines of the ${name} log were lost: ${why}`),
    });
  }
  return {
    log,
    change(changed) {
      log.level = changed.logLevel;
      toLine = lineFormat(changed, isTerminal);
    },
  };
}

/** A log of JSON lines in the form that collectors of logs know: `level`, `time` (ISO 8601, UTC), fields, `msg`. */
export function makeLog(level: string, destination: pino.DestinationStream, fields: object = {}): Log {
  return pino(
    {
      level,
      base: { ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** What becomes of a line of JSON, by the options. */
export function lineFormat({ logFormat }: LogOptions, isTerminal: boolean): (json: string) => string {
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && isTerminal);
  return isPretty ? prettyLine(isTerminal) : jsonLine;
}

/** JSON lets some characters through that do something to a terminal; between quotes is all the text there is. */
function jsonLine(json: string): string {
  return `${visible(json.slice(0, -1))}\n`;
}

function prettyLine(isTerminal: boolean): (json: string) => string {
  const prettify = prettyFactory({
    colorize: isTerminal,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  const readable = (_: string, value: unknown) => (typeof value === 'string' ? visible(value) : value);
  return (json) => prettify(JSON.parse(json, readable));
}

/** A log that says nothing. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
