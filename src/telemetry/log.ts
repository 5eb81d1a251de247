import pino from 'pino';
import { prettyFactory } from 'pino-pretty';
import { visible } from '../model/visible.ts';
import { outputOf } from './output.ts';

/** Where the program says what it does. */
export type Log = pino.Logger;

export interface LogOptions {
  readonly level: string;
  readonly format: 'auto' | 'pretty' | 'json';
}

/**
 * Lines on standard error: for people on a terminal, JSON elsewhere. Standard output belongs to the access log. Also
 * tells of lines of either that were lost.
 */
export function makeLog(options: LogOptions, isTerminal: boolean): Log {
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && isTerminal);
  const toLine = isPretty ? prettyLine(isTerminal) : jsonLine;
  const output = outputOf(2);
  const write = (json: string) => output.write(Buffer.from(toLine(json)), 'program');
  const log = pino({ level: options.level, base: null }, { write });
  for (const one of new Set([output, outputOf(1)])) {
    one.listen({
      // Of its own loss it would tell in vain.
      onLosing: (name, why) => one !== output && log.warn(`lines of the ${name} log are lost: ${why}`),
      onLost: (name, lines, why) => log.warn(`${lines} lines of the ${name} log were lost: ${why}`),
    });
  }
  return log;
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
