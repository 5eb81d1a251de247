import { ValueError } from './parse-values.ts';
import { grouped, quoted, sized } from './text.ts';

/** One change of the lines of a head. */
export interface HeaderEdit {
  /** `set` puts the line in the place of all of that name, `add` puts it behind them. */
  readonly how: 'set' | 'add' | 'remove';
  /** In any case. */
  readonly name: string;
  /** Printable ASCII in which a placeholder stands for something of the request; empty where the header is removed. */
  readonly value: string;
}

/** Something that a route does with each of its requests, or with the responses to them. */
export type Filter =
  /** Leads to the same URL by https. */
  | { readonly kind: 'redirect'; readonly to: 'https' }
  | { readonly kind: 'request-headers'; readonly edits: readonly HeaderEdit[] }
  | { readonly kind: 'response-headers'; readonly edits: readonly HeaderEdit[] };

/** What the filters of a service are made of: see `filtersOf`. */
export interface FilterSettings {
  readonly redirect?: 'https';
  readonly headers?: {
    /** The value by the name; an empty one removes the header. */
    readonly request?: Readonly<Record<string, string>>;
    readonly response?: Readonly<Record<string, string>>;
  };
}

/**
 * The filters in the order in which requests meet them: who is led elsewhere first, headers last. Undefined without any, so
 * that a route that has none is the value that it always was.
 */
export function filtersOf({ redirect, headers }: FilterSettings): readonly Filter[] | undefined {
  const filters: Filter[] = [];
  if (redirect !== undefined) filters.push({ kind: 'redirect', to: redirect });
  const [request, response] = [editsOf(headers?.request), editsOf(headers?.response)];
  if (request.length > 0) filters.push({ kind: 'request-headers', edits: request });
  if (response.length > 0) filters.push({ kind: 'response-headers', edits: response });
  return filters.length === 0 ? undefined : filters;
}

/** By name, so that it does not matter in which order they were said. */
function editsOf(headers: Readonly<Record<string, string>> = {}): HeaderEdit[] {
  return Object.entries(headers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ how: value === '' ? 'remove' : 'set', name, value }));
}

/** What may stand in a value for something of the request. */
export const PLACEHOLDERS = ['client', 'host', 'id'] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** Where placeholders are in a value: JSON, of which some headers are made, has none. */
const PLACEHOLDER = /\{([a-z][a-z-]*)\}/g;

/** The texts of a value and the placeholders between them, in turns: the even ones are texts. */
export function piecesOf(value: string): readonly string[] {
  return value.split(PLACEHOLDER);
}

/** Characters of a header's value, far more than servers take of one. */
const MAX_VALUE = 4_096;
const MAX_NAME = 128;

/** What frames a message or belongs to one connection is decided for each connection anew (RFC 9110, section 7.6.1). */
const OF_CONNECTION =
  /^(?:connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length)$/;

/** Why nobody may set these of requests. */
const OF_REQUEST: Readonly<Record<string, string>> = {
  host: 'is not ours to set: the backend is told the host that the client asked for',
  via: 'is not ours to set: by it requests are noticed that come back',
  expect: 'is not ours to set: clients say it when they wait before they send a body',
  proxy: 'is never forwarded: programs take it for a variable of their own (CVE-2016-5385)',
};

/** The name of a header of requests, each word with a capital. Throws a `ValueError`. */
export function parseRequestHeader(text: string): string {
  const name = parseHeader(text);
  const why = Object.hasOwn(OF_REQUEST, text.toLowerCase()) && OF_REQUEST[text.toLowerCase()];
  if (why) throw new ValueError(why);
  return name;
}

/** The name of a header of responses, each word with a capital. Throws a `ValueError`. */
export function parseResponseHeader(text: string): string {
  if (/^date$/i.test(text)) throw new ValueError('is not ours to set: it says when the response was made');
  return parseHeader(text);
}

function parseHeader(text: string): string {
  // RFC 9110, section 5.6.2: a token.
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(text))
    throw new ValueError(`names no header: ${quoted(text)} is no token`);
  if (text.length > MAX_NAME)
    throw new ValueError(`names a header of ${sized(text.length)}; it may have ${MAX_NAME}`);
  const lower = text.toLowerCase();
  if (OF_CONNECTION.test(lower.replaceAll('_', '-')))
    throw new ValueError('is not ours to set: it is decided anew for each connection');
  return lower.replace(/(?<![a-z0-9'])[a-z]/g, (letter) => letter.toUpperCase());
}

/**
 * The value of a header; an empty one removes it. Throws a `ValueError`, which does not repeat the value: it may be a
 * secret.
 */
export function parseHeaderValue(text: string): string {
  if (text.length > MAX_VALUE)
    throw new ValueError(`wants at most ${grouped(MAX_VALUE)} characters, not ${grouped(text.length)}`);
  const odd = /[^\t\x20-\x7e]/u.exec(text);
  if (odd !== null)
    throw new ValueError(
      `wants printable ASCII, and has U+${(odd[0].codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')} in it`,
    );
  for (const [whole, name] of text.matchAll(PLACEHOLDER)) {
    if (!PLACEHOLDERS.includes(name as Placeholder))
      throw new ValueError(
        `has ${quoted(whole)} in it, and knows ${PLACEHOLDERS.map((one) => `{${one}}`).join(', ')}`,
      );
  }
  return text;
}

/** Names of headers whose values are nobody's business. */
const SECRET = /auth|cookie|credential|key|pass|secret|session|token|signature/i;

/** A header's value as people are shown it. */
export function shownValue(name: string, value: string): string {
  return value !== '' && SECRET.test(name) ? '…' : value;
}

/** The filter with no value in it that may be a secret. */
export function withoutSecrets(filter: Filter): Filter {
  if (filter.kind === 'redirect') return filter;
  const edits = filter.edits.map((edit) => ({ ...edit, value: shownValue(edit.name, edit.value) }));
  return { ...filter, edits };
}

/** What a filter does, as people write it: `headers.request.X-Team=blue`. */
export function describeFilter(filter: Filter): string[] {
  if (filter.kind === 'redirect') return [`redirect=${filter.to}`];
  const key = filter.kind === 'request-headers' ? 'headers.request' : 'headers.response';
  return filter.edits.map(
    ({ how, name, value }) => `${key}.${name}${how === 'add' ? '+' : ''}=${shownValue(name, value)}`,
  );
}
