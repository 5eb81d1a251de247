import pino from 'pino';
import type { AccessEntry } from './events.ts';

/** Writes a line for each request, in batches. */
export interface AccessLog {
  write(entry: AccessEntry): void;
  /** Writes what is waiting, now. */
  flush(): void;
}

/** So many bytes are gathered before they are written: each write costs a system call and a turn of another thread… */
const BATCH_BYTES = 65_536;
/** …and for so long at most. */
const FLUSH_MS = 500;
/** What a reader that stalls may leave in memory; lines beyond it are dropped. */
const MAX_WAITING_BYTES = 64 * 1_048_576;

/** An access log on standard output. */
export function openAccessLog(format: 'json' | 'clf'): AccessLog {
  const destination = pino.destination({ dest: 1, maxLength: MAX_WAITING_BYTES, sync: false });
  const toLine = format === 'json' ? jsonLine : commonLine;
  // Gathered here, and as one string: the destination counts the bytes of every text that it is given.
  let batch = '';
  const hand = () => {
    if (batch !== '') destination.write(batch);
    batch = '';
  };
  setInterval(hand, FLUSH_MS).unref();
  return {
    write(entry) {
      batch += toLine(entry);
      if (batch.length >= BATCH_BYTES) hand();
    },
    flush() {
      try {
        hand();
        destination.flushSync();
      } catch {
        // Not open yet, or the reader is gone: there is nowhere to write to.
      }
    },
  };
}

/**
 * One JSON object; every control character of a client is escaped. Put together by hand: that is less than half
 * of the time of JSON.stringify over an object made for it (bench/micro/tricks.ts).
 */
export function jsonLine(entry: AccessEntry): string {
  const words = `"client":${json(entry.client)},"method":${json(entry.method)},"host":${jsonBytes(entry.host)}`;
  const route = `"service":${json(entry.service)},"backend":${json(entry.backend)}`;
  const error = `"error":${json(entry.error)},"detail":${json(entry.detail)}`;
  const client = `"referer":${jsonBytes(entry.referer)},"userAgent":${jsonBytes(entry.userAgent)}`;
  const numbers = `"minor":${entry.minor},"status":${entry.status},"bytes":${entry.bytes}`;
  const durationMs = Math.round(entry.durationMs * 1_000) / 1_000;
  return `{"time":"${isoTime(entry.time)}",${words},"target":${jsonBytes(entry.target)},${numbers},"durationMs":${durationMs},${route},"attempts":${entry.attempts},${error},"requestId":${json(entry.requestId)},${client}}\n`;
}

/** A character that does not stand for itself in both formats: nearly every string has none. */
const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function json(text: string): string {
  return NOT_PLAIN.test(text) ? escapeMore(JSON.stringify(text)) : `"${text}"`;
}

/** Of header bytes, one character each. */
function jsonBytes(text: string): string {
  return NOT_PLAIN.test(text) ? escapeMore(JSON.stringify(fromLatin1(text))) : `"${text}"`;
}

/** JSON lets DEL and the C1 controls through, which move a terminal's cursor, and two ends of lines of Unicode. */
function escapeMore(text: string): string {
  return text.replace(/[\x7f-\x9f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The combined log format of Apache, with host, service, backend and milliseconds behind it. */
export function commonLine(entry: AccessEntry): string {
  const request =
    entry.method === '' ? '-' : `${quoted(entry.method)} ${quoted(entry.target)} HTTP/1.${entry.minor}`;
  const head = `${entry.client} - - [${commonTime(entry.time)}] "${request}" ${entry.status} ${entry.bytes}`;
  const client = `"${quoted(entry.referer)}" "${quoted(entry.userAgent)}"`;
  const ours = `"${quoted(entry.host)}" "${quoted(entry.service)}" "${quoted(entry.backend)}"`;
  return `${head} ${client} ${ours} ${Math.round(entry.durationMs)}ms\n`;
}

/** Formats a time only when it is another than the last: many requests share one. */
function remembering(unitMs: number, format: (time: number) => string): (time: number) => string {
  let last = Number.NaN;
  let text = '';
  return (time) => {
    const unit = Math.floor(time / unitMs);
    if (unit !== last) {
      last = unit;
      text = format(time);
    }
    return text;
  };
}

const isoTime = remembering(1, (time) => new Date(time).toISOString());

const commonTime = remembering(1_000, (time) => {
  const iso = new Date(time).toISOString();
  const month = MONTHS[Number(iso.slice(5, 7)) - 1];
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
});

/** What a client sent must not end a line, close a quote or move a terminal's cursor. */
function quoted(text: string): string {
  if (text === '') return '-';
  if (!NOT_PLAIN.test(text)) return text;
  return text.replace(/[\x00-\x1f"\\\x7f-\xff]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Header bytes are one character each; most that are not ASCII were UTF-8. */
function fromLatin1(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}
