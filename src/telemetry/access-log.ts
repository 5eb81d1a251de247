import pino from 'pino';
import type { AccessEntry } from './events.ts';

/** Writes a line for each request, in batches. */
export interface AccessLog {
  write(entry: AccessEntry): void;
  /** Writes what is waiting, now. */
  flush(): void;
}

/** So many bytes are gathered before they are written… */
const BATCH_BYTES = 8_192;
/** …and for so long at most. */
const FLUSH_MS = 500;

/** An access log on standard output. */
export function openAccessLog(format: 'json' | 'clf'): AccessLog {
  const destination = pino.destination({ dest: 1, minLength: BATCH_BYTES, sync: false });
  const timer = setInterval(() => destination.flush(), FLUSH_MS);
  timer.unref();
  const toLine = format === 'json' ? jsonLine : commonLine;
  return {
    write: (entry) => destination.write(toLine(entry)),
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // Not open yet, or the reader is gone: there is nowhere to write to.
      }
    },
  };
}

/** One JSON object; every control character of a client is escaped. */
export function jsonLine(entry: AccessEntry): string {
  const { time, durationMs, target, host, referer, userAgent, ...rest } = entry;
  const line = {
    time: new Date(time).toISOString(),
    ...rest,
    host: fromLatin1(host),
    target: fromLatin1(target),
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    referer: fromLatin1(referer),
    userAgent: fromLatin1(userAgent),
  };
  return `${escapeMore(JSON.stringify(line))}\n`;
}

/** JSON lets DEL and the C1 controls through, which move a terminal's cursor, and two ends of lines of Unicode. */
function escapeMore(json: string): string {
  return json.replace(/[\x7f-\x9f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The combined log format of Apache, with host, service, backend and milliseconds behind it. */
export function commonLine(entry: AccessEntry): string {
  const request = entry.method === '' ? '-' : `${entry.method} ${entry.target} HTTP/1.${entry.minor}`;
  const head = `${entry.client} - - [${commonTime(entry.time)}] "${quoted(request)}" ${entry.status} ${entry.bytes}`;
  const client = `"${quoted(entry.referer)}" "${quoted(entry.userAgent)}"`;
  const ours = `"${quoted(entry.host)}" "${quoted(entry.service)}" "${quoted(entry.backend)}"`;
  return `${head} ${client} ${ours} ${Math.round(entry.durationMs)}ms\n`;
}

function commonTime(time: number): string {
  const iso = new Date(time).toISOString();
  const month = MONTHS[Number(iso.slice(5, 7)) - 1];
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}

/** What a client sent must not end a line, close a quote or move a terminal's cursor. */
function quoted(text: string): string {
  if (text === '') return '-';
  return text.replace(/[\x00-\x1f"\\\x7f-\xff]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Header bytes are one character each; most that are not ASCII were UTF-8. */
function fromLatin1(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}
