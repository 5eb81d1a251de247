import { visible } from '../model/visible.ts';
import type { AccessEntry } from './events.ts';
import { outputOf } from './output.ts';

/** A line for each request, gathered and written in batches. */
export interface AccessLog {
  write(entry: AccessEntry): void;
  /** Hands over what is waiting, now. */
  flush(): void;
}

/** So many bytes are gathered before they are written: each write costs a system call and a turn of another thread… */
const BATCH_BYTES = 65_536;
/** …and for so long at most. */
const FLUSH_MS = 500;
/** So many characters of lines become bytes in one go (bench/micro/tricks.ts). */
const TEXT_LENGTH = 8_192;

/** One that has an end: what was gathered is handed over then. */
export interface OpenAccessLog extends AccessLog {
  close(): void;
}

/** An access log on standard output. */
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
 * Gathers lines as bytes. They are put there a few at a time: one by one each would be a call of native code, and
 * one long string of all of them would keep the pieces of every line in memory until it is put together.
 * @param hand takes the lines, which are its to keep
 */
export function makeBatch(format: 'json' | 'clf', hand: (lines: Buffer) => void): AccessLog {
  const toLine = format === 'json' ? jsonLine : commonLine;
  // A common line is ASCII.
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

/** What a line shows of what clients send, in characters: a URL may have 16 KB. */
const MOST = { word: 260, field: 1_024, target: 2_048 };

/**
 * One JSON object; every control character of a client is escaped. Put together by hand: that is less than half
 * of the time of JSON.stringify over an object made for it (bench/micro/tricks.ts).
 */
export function jsonLine(entry: AccessEntry): string {
  // From left to right in one go: each string in between would be one more to make.
  return `{"time":"${isoTime(entry.time)}","client":${json(entry.client)},"peer":${json(entry.peer)},"method":${jsonBytes(entry.method, MOST.word)},"host":${jsonBytes(entry.host, MOST.word)},"target":${jsonBytes(entry.target, MOST.target)},"minor":${entry.minor},"status":${entry.status},"bytes":${entry.bytes},"durationMs":${toMicroseconds(entry.durationMs)},${jsonNames(entry)},"attempts":${entry.attempts},"error":${json(entry.error)},"detail":${json(entry.detail)},"requestId":${json(entry.requestId)},"referer":${jsonBytes(entry.referer, MOST.field)},"userAgent":${jsonBytes(entry.userAgent, MOST.field)}}\n`;
}

/** A character that does not stand for itself in both formats: nearly every string has none. */
const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function json(text: string): string {
  if (text === '') return '""';
  // JSON lets some characters through that do something to a terminal.
  return NOT_PLAIN.test(text) ? visible(JSON.stringify(text)) : `"${text}"`;
}

/** Of header bytes, one character each. */
function jsonBytes(text: string, most: number): string {
  if (text === '') return '""';
  if (text.length > most) return json(`${fromLatin1(text.slice(0, most))}…`);
  return NOT_PLAIN.test(text) ? visible(JSON.stringify(fromLatin1(text))) : `"${text}"`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The combined log format of Apache, with host, service, backend, milliseconds and peer behind it. */
export function commonLine(entry: AccessEntry): string {
  // From left to right in one go: each string in between would be one more to make.
  return `${entry.client || '-'} - - [${commonTime(entry.time)}] "${commonRequest(entry)}" ${entry.status} ${entry.bytes} "${quoted(entry.referer, MOST.field)}" "${quoted(entry.userAgent, MOST.field)}" "${quoted(entry.host, MOST.word)}" ${commonNames(entry)} ${Math.round(entry.durationMs)}ms ${entry.peer || '-'}\n`;
}

function commonRequest({ method, target, minor }: AccessEntry): string {
  if (method === '') return '-';
  return `${quoted(method, MOST.word)} ${quoted(target, MOST.target)} HTTP/1.${minor}`;
}

/** What is behind the point of so many thousandths, with the point: `.5` of 500. */
const FRACTIONS = Array.from({ length: 1_000 }, (_, thousandths) => String(thousandths / 1_000).slice(1));

/** A number of milliseconds to three places: two whole numbers are sooner written than one with a fraction. */
function toMicroseconds(ms: number): string {
  const microseconds = Math.round(ms * 1_000);
  const whole = Math.floor(microseconds / 1_000);
  return `${whole}${FRACTIONS[microseconds - whole * 1_000]}`;
}

/** Pairs of names that are remembered: more than are in use at a time, and bounded while containers come and go. */
const MAX_REMEMBERED = 4_096;

/** Writes the names of service and backend only once for each backend. */
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
function quoted(text: string, most = Number.POSITIVE_INFINITY): string {
  if (text === '') return '-';
  if (text.length > most) return `${quoted(text.slice(0, most))}...`;
  if (!NOT_PLAIN.test(text)) return text;
  return text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** Header bytes are one character each; most that are not ASCII were UTF-8. */
function fromLatin1(text: string): string {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}
