import pino from 'pino';
import { prettyFactory } from 'pino-pretty';
import { visible } from '../model/visible.ts';
import { outputOf } from './output.ts';

/** The log in which the program tells what it does. */
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
 * Opens the program's log on standard error: readable on a terminal, JSON elsewhere. Standard output belongs to the
 * access log. Lost lines of both logs are reported here.
 * @param isTerminal whether standard error is a terminal
 * @param fields fields of every line, such as the number of a worker
 */
export function openLog(options: LogOptions, isTerminal: boolean, fields: object = {}): ProgramLog {
  const output = outputOf(2);
  let toLine = lineFormat(options, isTerminal);
  const write = (json: string) => output.write(Buffer.from(toLine(json)), 'program');
  const log = makeLog(options.logLevel, { write }, fields);
  for (const one of new Set([output, outputOf(1)])) {
    one.listen({
      // While lines of this very output are lost, a line about that would be lost, too.
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

/** Makes a log of JSON lines with the fields that log collectors know: `level`, `time` (ISO 8601, UTC), fields, `msg`. */
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

/** Chooses the function that turns a line of JSON into the line that is written. */
export function lineFormat({ logFormat }: LogOptions, isTerminal: boolean): (json: string) => string {
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && isTerminal);
  return isPretty ? prettyLine(isTerminal) : jsonLine;
}

/** Escapes characters that JSON allows but that change a terminal. All text in a line of JSON is between quotes. */
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

/** Makes a log that writes nothing. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
