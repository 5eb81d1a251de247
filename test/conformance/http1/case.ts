/**
 * Cases of conformance as data: bytes in, verdict, bytes out. All text is latin1, one character a byte. A body
 * is what it is without its framing: how it is cut into chunks is the sender's own affair.
 */

/** A whole message as it must come out on the other side. */
export interface Forwarded {
  /** The first line and the header lines, in order; of a request without those that we add about the client. */
  readonly head: readonly string[];
  readonly body: string;
  /** Trailer lines. */
  readonly trailers: readonly string[];
}

export interface RequestVerdict {
  /** The requests that reach the backend, in order. */
  readonly forwarded: readonly Forwarded[];
  /** What becomes of the client's connection after the last of them; a number is the status that refuses what follows. */
  readonly end: 'stays' | 'closes' | 'waits' | number;
  /** Part of one more request may have left before its body broke off: never the whole of it. */
  readonly isPartial: boolean;
}

export interface RequestCase {
  /** Unique. */
  readonly name: string;
  readonly topic: string;
  /** Sections of RFC 9110, 9112 or 3986, or what else the rule is known by. */
  readonly rule: string;
  readonly bytes: string;
  readonly verdict: RequestVerdict;
  /** The service of the route that takes it. */
  readonly service: 'any' | 'admin';
  /** A message of RFC 9112 that llhttp, which knows a fixed list of methods, does not read. */
  readonly isUnknownToLlhttp: boolean;
  /** It travels as an upgrade: its header lines may come out in another order and case. */
  readonly isUpgrade: boolean;
}

/** `relayed`: the response reaches the client; `cut`: only a beginning of it does; a number: we answer instead. */
export interface ResponseVerdict {
  readonly outcome: 'relayed' | 'cut' | number;
  /** What reaches the client: interim responses, then the final one. Of one that is cut the body is the most that may. */
  readonly relayed: readonly Forwarded[];
  /** The connection to the backend carries the next request too. */
  readonly isReused: boolean;
  /** The client's connection stays. */
  readonly stays: boolean;
}

export interface ResponseCase {
  readonly name: string;
  readonly topic: string;
  readonly rule: string;
  /** The request that is answered so. */
  readonly request: string;
  readonly bytes: string;
  /** What the backend does after its last byte. */
  readonly after: 'open' | 'fin' | 'reset';
  readonly verdict: ResponseVerdict;
}

type NoTopic<T> = Omit<T, 'topic' | 'rule'> & { readonly rule?: string };

/** The cases of one topic, which share a rule unless they name their own. */
export function topic<T extends { topic: string; rule: string }>(
  name: string,
  rule: string,
  cases: readonly NoTopic<T>[],
): T[] {
  return cases.map((one) => ({ rule, ...one, topic: name }) as unknown as T);
}

/** A request of these lines, with the empty line behind them. */
export const head = (...lines: string[]): string => `${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
export const get = (...lines: string[]): string => head('GET /x HTTP/1.1', 'Host: a', ...lines);
export const post = (...lines: string[]): string => head('POST /x HTTP/1.1', 'Host: a', ...lines);
export const chunked = (body: string): string => post('Transfer-Encoding: chunked') + body;
export const CHUNKED_HEAD = ['POST /x HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'];

/** The lines of the head that a text begins with. */
export function headLines(text: string): string[] {
  return text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
}

/** Bytes as people read them in the name of a case. */
export function shown(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 37)}…` : text;
  return JSON.stringify(short).replace(
    /[\x7f-\xff]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

export type RequestDraft = NoTopic<RequestCase>;
export type ResponseDraft = NoTopic<ResponseCase>;

function request(
  name: string,
  bytes: string,
  verdict: RequestVerdict,
  more: Partial<RequestDraft> = {},
): RequestDraft {
  return { name, bytes, verdict, service: 'any', isUnknownToLlhttp: false, isUpgrade: false, ...more };
}

/** Refused with nothing forwarded. */
export function refused(name: string, bytes: string, status = 400, rule?: string): RequestDraft {
  const verdict: RequestVerdict = { forwarded: [], end: status, isPartial: false };
  return request(name, bytes, verdict, rule === undefined ? {} : { rule });
}

/** A good head whose body is refused: the backend never has the whole of it. */
export function broken(name: string, bytes: string, status = 400): RequestDraft {
  return request(name, bytes, { forwarded: [], end: status, isPartial: true });
}

/** Not whole yet; `isPartial` once the head is. */
export function waits(name: string, bytes: string, isPartial = false): RequestDraft {
  return request(name, bytes, { forwarded: [], end: 'waits', isPartial });
}

export interface Passing {
  /** The head's lines as they come out; without, as they came in. */
  readonly as?: readonly string[];
  readonly body?: string;
  readonly trailers?: readonly string[];
  readonly end?: RequestVerdict['end'];
  readonly isPartial?: boolean;
  readonly rule?: string;
  readonly service?: RequestCase['service'];
  readonly isUnknownToLlhttp?: boolean;
  readonly isUpgrade?: boolean;
}

/** One request that is forwarded. */
export function passes(name: string, bytes: string, passing: Passing = {}): RequestDraft {
  const {
    as = headLines(bytes),
    body = '',
    trailers = [],
    end = 'stays',
    isPartial = false,
    ...more
  } = passing;
  return request(name, bytes, { forwarded: [{ head: as, body, trailers }], end, isPartial }, more);
}

/** Several requests on one connection. */
export function series(
  name: string,
  bytes: string,
  forwarded: readonly Partial<Forwarded>[],
  end: RequestVerdict['end'] = 'stays',
  isPartial = false,
): RequestDraft {
  const whole = forwarded.map((one) => ({ head: [], body: '', trailers: [], ...one }));
  return request(name, bytes, { forwarded: whole, end, isPartial });
}

export interface Relaying {
  readonly as?: readonly string[];
  readonly body?: string;
  readonly trailers?: readonly string[];
  /** Heads of the interim responses before it. */
  readonly interim?: readonly (readonly string[])[];
  readonly isReused?: boolean;
  readonly stays?: boolean;
  readonly request?: string;
  readonly after?: ResponseCase['after'];
  readonly rule?: string;
}

const GET_CASE = head('GET /case HTTP/1.1', 'Host: a');

function response(
  name: string,
  bytes: string,
  outcome: ResponseVerdict['outcome'],
  { as, body = '', trailers = [], interim = [], isReused, stays, ...more }: Relaying,
): ResponseDraft {
  const isRelayed = outcome === 'relayed';
  const final = { head: as ?? headLines(bytes), body, trailers };
  const verdict: ResponseVerdict = {
    outcome,
    relayed:
      typeof outcome === 'number'
        ? []
        : [...interim.map((lines) => ({ head: lines, body: '', trailers: [] })), final],
    isReused: isReused ?? isRelayed,
    stays: stays ?? outcome !== 'cut',
  };
  return { name, request: GET_CASE, bytes, after: 'open', verdict, ...more };
}

/** A response that reaches the client. */
export const relayed = (name: string, bytes: string, relaying: Relaying = {}): ResponseDraft =>
  response(name, bytes, 'relayed', relaying);

/** A response that is none: the client gets an error of ours, and the backend's connection is gone. */
export const unusable = (name: string, bytes: string, relaying: Relaying = {}, status = 502): ResponseDraft =>
  response(name, bytes, status, relaying);

/** A response that turns out to be broken when the client has its head: the client's connection is cut. */
export const cut = (name: string, bytes: string, relaying: Relaying = {}): ResponseDraft =>
  response(name, bytes, 'cut', relaying);
