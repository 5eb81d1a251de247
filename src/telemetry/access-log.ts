import { visible } from '../model/visible.ts';
import type { AccessEntry } from './events.ts';
import { outputOf } from './output.ts';

/** Writes a line for each request, in batches. */
export interface AccessLog {
  write(entry: AccessEntry): void;
  /** Hands over the lines gathered so far. */
  flush(): void;
}

/** So many bytes are gathered before they are written, since a write costs a system call and work of another thread… */
const BATCH_BYTES = 65_536;
/** …but none is held longer than this. */
const FLUSH_MS = 500;
/** So many characters are gathered before they are encoded into bytes (bench/micro/tricks.ts). */
const TEXT_LENGTH = 8_192;

/** An access log that can be closed. */
export interface OpenAccessLog extends AccessLog {
  /** Hands over the lines gathered so far, and ends. */
  close(): void;
}

/** Opens an access log on standard output. */
export function openAccessLog(format: 'json' | 'clf'): OpenAccessLog {
  const output = outputOf(1);
  const log = makeBatch(format, (lines) => output.write(lines, 'access'));
  const flushing = setInterval(log.flush, FLUSH_MS).unref();
  return {
    ...log,
    close() {
      clearInterval(flushing);
      log.flush();
    },
  };
}

/**
 * Makes a log that gathers lines as bytes. Several lines are encoded together: one by one each would cost a call of native
 * code, and one long string would keep the pieces of every line in memory until it is flattened.
 * @param hand takes the lines; the buffer is its own
 */
export function makeBatch(format: 'json' | 'clf', hand: (lines: Buffer) => void): AccessLog {
  const toLine = format === 'json' ? jsonLine : commonLine;
  // Lines of the common format are ASCII.
  const encoding = format === 'json' ? 'utf8' : 'latin1';
  const bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
  let used = 0;
  let text = '';
  const handBytes = () => {
    if (used > 0) hand(Buffer.from(bytes.subarray(0, used)));
    used = 0;
  };
  const toBytes = () => {
    const most = text.length * (encoding === 'utf8' ? 3 : 1);
    if (most > BATCH_BYTES - used) handBytes();
    if (most > BATCH_BYTES) hand(Buffer.from(text, encoding));
    else used += bytes.write(text, used, encoding);
    text = '';
  };
  return {
    write(entry) {
      text += toLine(entry);
      if (text.length >= TEXT_LENGTH) toBytes();
    },
    flush() {
      toBytes();
      handBytes();
    },
  };
}

/** The most characters that a line shows of what clients send: a URL may have 16 KB. */
const MOST = { word: 260, field: 1_024, target: 2_048 };

/**
 * Formats an entry as a JSON object; control characters are escaped. The text is put together by hand, which takes less
 * than half of the time of JSON.stringify over an object made for it (bench/micro/tricks.ts).
 */
export function jsonLine(entry: AccessEntry): string {
  // One expression, since each intermediate string would have to be allocated.
  return `{"time":"${isoTime(entry.time)}","client":${json(entry.client)},"peer":${json(entry.peer)},"method":${jsonBytes(entry.method, MOST.word)},"scheme":"${entry.scheme}","host":${jsonBytes(entry.host, MOST.word)},"target":${jsonBytes(entry.target, MOST.target)},"minor":${entry.minor},"status":${entry.status},"bytes":${entry.bytes},"durationMs":${toMicroseconds(entry.durationMs)},${jsonNames(entry)},"attempts":${entry.attempts},"error":${json(entry.error)},"detail":${json(entry.detail)},"requestId":${json(entry.requestId)},"referer":${jsonBytes(entry.referer, MOST.field)},"userAgent":${jsonBytes(entry.userAgent, MOST.field)}}\n`;
}

/** Finds a character that has to be escaped in either format; nearly every string has none. */
const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function json(text: string): string {
  if (text === '') return '""';
  // `visible` escapes characters that JSON allows but that change a terminal.
  return NOT_PLAIN.test(text) ? visible(JSON.stringify(text)) : `"${text}"`;
}

/** Formats the value of a header, in which each character is one byte. */
function jsonBytes(text: string, most: number): string {
  if (text === '') return '""';
  if (text.length > most) return json(`${fromLatin1(text.slice(0, most))}…`);
  return NOT_PLAIN.test(text) ? visible(JSON.stringify(fromLatin1(text))) : `"${text}"`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Formats an entry in Apache's combined log format, followed by host, service, backend, milliseconds and peer. */
export function commonLine(entry: AccessEntry): string {
  // One expression, since each intermediate string would have to be allocated.
  return `${entry.client || '-'} - - [${commonTime(entry.time)}] "${commonRequest(entry)}" ${entry.status} ${entry.bytes} "${quoted(entry.referer, MOST.field)}" "${quoted(entry.userAgent, MOST.field)}" "${quoted(entry.host, MOST.word)}" ${commonNames(entry)} ${Math.round(entry.durationMs)}ms ${entry.peer || '-'}\n`;
}

function commonRequest({ method, target, minor }: AccessEntry): string {
  if (method === '') return '-';
  return `${quoted(method, MOST.word)} ${quoted(target, MOST.target)} HTTP/1.${minor}`;
}

/** The text behind the whole number for each count of thousandths, such as `.5` for 500. */
const FRACTIONS = Array.from({ length: 1_000 }, (_, thousandths) => String(thousandths / 1_000).slice(1));

/** Formats milliseconds with three decimals: writing two whole numbers is faster than one with a fraction. */
function toMicroseconds(ms: number): string {
  const microseconds = Math.round(ms * 1_000);
  const whole = Math.floor(microseconds / 1_000);
  return `${whole}${FRACTIONS[microseconds - whole * 1_000]}`;
}

/** How many pairs of names are remembered: more than are in use at a time, but bounded while containers come and go. */
const MAX_REMEMBERED = 4_096;

/** Remembers the formatted names of service and backend, which are the same for many requests. */
function rememberingNames(format: (service: string, backend: string) => string) {
  const remembered = new Map<string, { readonly service: string; readonly text: string }>();
  return ({ service, backend }: AccessEntry): string => {
    const known = remembered.get(backend);
    if (known?.service === service) return known.text;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const text = format(service, backend);
    remembered.set(backend, { service, text });
    return text;
  };
}

const jsonNames = rememberingNames(
  (service, backend) => `"service":${json(service)},"backend":${json(backend)}`,
);
const commonNames = rememberingNames((service, backend) => `"${quoted(service)}" "${quoted(backend)}"`);

/** Remembers the last formatted time, which many requests share. */
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

/** Escapes what a client sent, so that it cannot end a line, close a quote or move a terminal's cursor. */
function quoted(text: string, most = Number.POSITIVE_INFINITY): string {
  if (text === '') return '-';
  if (text.length > most) return `${quoted(text.slice(0, most))}...`;
  if (!NOT_PLAIN.test(text)) return text;
  return text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** Decodes the value of a header, in which each character is one byte; most of those that are not ASCII were UTF-8. */
function fromLatin1(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}
