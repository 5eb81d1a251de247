import pino from 'pino';
import pretty from 'pino-pretty';

/** Where the program says what it does. */
export type Log = pino.Logger;

export interface LogOptions {
  readonly level: string;
  readonly format: 'auto' | 'pretty' | 'json';
}

/** Lines on standard error: for people on a terminal, JSON elsewhere. Standard output belongs to the access log. */
export function makeLog(options: LogOptions, isTerminal: boolean): Log {
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && isTerminal);
  if (!isPretty) return pino({ level: options.level, base: null }, pino.destination(2));
  const stream = pretty({
    destination: 2,
    colorize: isTerminal,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    sync: true,
  });
  return pino({ level: options.level, base: null }, stream);
}

/** A log that says nothing. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
