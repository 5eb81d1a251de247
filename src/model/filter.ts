import { ValueError } from './parse-values.ts';
import { grouped, quoted, sized } from './text.ts';

/** A change of the header lines of a head. */
export interface HeaderEdit {
  /** `set` replaces all lines of the name, `add` keeps them and adds one. */
  readonly how: 'set' | 'add' | 'remove';
  /** The name, in any case. */
  readonly name: string;
  /** Printable ASCII in which placeholders stand for parts of the request; empty if the header is removed. */
  readonly value: string;
}

/** Something that a route does with each of its requests, or with their responses. */
export type Filter =
  /** Redirects to the same URL by https. */
  | { readonly kind: 'redirect'; readonly to: 'https' }
  | { readonly kind: 'request-headers'; readonly edits: readonly HeaderEdit[] }
  | { readonly kind: 'response-headers'; readonly edits: readonly HeaderEdit[] };

/** The settings of a service that its filters are made of: see `filtersOf`. */
export interface FilterSettings {
  readonly redirect?: 'https';
  readonly headers?: {
    /** The values of headers by name; an empty one removes the header. */
    readonly request?: Readonly<Record<string, string>>;
    readonly response?: Readonly<Record<string, string>>;
  };
}

/**
 * Makes filters in the order in which they are applied: redirects first, headers last. Undefined if there are none, so that
 * a route without filters has no field for them.
 */
export function filtersOf({ redirect, headers }: FilterSettings): readonly Filter[] | undefined {
  const filters: Filter[] = [];
  if (redirect !== undefined) filters.push({ kind: 'redirect', to: redirect });
  const [request, response] = [editsOf(headers?.request), editsOf(headers?.response)];
  if (request.length > 0) filters.push({ kind: 'request-headers', edits: request });
  if (response.length > 0) filters.push({ kind: 'response-headers', edits: response });
  return filters.length === 0 ? undefined : filters;
}

/** Makes edits, sorted by name so that the order of the settings does not matter. */
function editsOf(headers: Readonly<Record<string, string>> = {}): HeaderEdit[] {
  return Object.entries(headers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ how: value === '' ? 'remove' : 'set', name, value }));
}

/** The placeholders that a value may contain for parts of the request. */
export const PLACEHOLDERS = ['client', 'host', 'id'] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** Finds placeholders. JSON, which some headers contain, has nothing of this form. */
const PLACEHOLDER = /\{([a-z][a-z-]*)\}/g;

/** Splits a value into texts, at even indexes, and the names of placeholders between them, at odd ones. */
export function piecesOf(value: string): readonly string[] {
  return value.split(PLACEHOLDER);
}

/** The most characters of a header's value: far more than servers accept. */
const MAX_VALUE = 4_096;
const MAX_NAME = 128;

/** Headers that frame a message or belong to a connection, which are decided for each connection (RFC 9110, section 7.6.1). */
const OF_CONNECTION =
  /^(?:connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length)$/;

/** Headers of requests that nobody may set, with the reason. */
const OF_REQUEST: Readonly<Record<string, string>> = {
  host: 'cannot be set: the backend is told the host that the client asked for',
  via: 'cannot be set: by it requests are noticed that come back',
  expect: 'cannot be set: clients say it when they wait before they send a body',
  proxy: 'is never forwarded: programs take it for a variable of their own (CVE-2016-5385)',
};

/** Parses the name of a request header; each word gets a capital. Throws a `ValueError`. */
export function parseRequestHeader(text: string): string {
  const name = parseHeader(text);
  const why = Object.hasOwn(OF_REQUEST, text.toLowerCase()) && OF_REQUEST[text.toLowerCase()];
  if (why) throw new ValueError(why);
  return name;
}

/** Parses the name of a response header; each word gets a capital. Throws a `ValueError`. */
export function parseResponseHeader(text: string): string {
  if (/^date$/i.test(text)) throw new ValueError('cannot be set: it says when the response was made');
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
    throw new ValueError('cannot be set: it is decided anew for each connection');
  return lower.replace(/(?<![a-z0-9'])[a-z]/g, (letter) => letter.toUpperCase());
}

/**
 * Parses the value of a header; an empty one removes it. Throws a `ValueError`, which does not repeat the value, since that
 * may be a secret.
 */
export function parseHeaderValue(text: string): string {
  if (text.length > MAX_VALUE)
    throw new ValueError(`wants at most ${grouped(MAX_VALUE)} characters, not ${grouped(text.length)}`);
  const odd = /[^\t\x20-\x7e]/u.exec(text);
  if (odd !== null) throw new ValueError(`wants printable ASCII, not ${codePoint(odd[0])}`);
  for (const [, word] of text.matchAll(PLACEHOLDER)) {
    if (!PLACEHOLDERS.includes(word as Placeholder))
      throw new ValueError(
        `wants no words in braces but ${PLACEHOLDERS.map((one) => `{${one}}`).join(', ')}`,
      );
  }
  return text;
}

/** `U+00E9` */
function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Finds names of headers whose values may be secrets. */
const SECRET = /auth|cookie|credential|key|pass|secret|session|token|signature/i;

/** The value of a header as it is shown to people. */
export function shownValue(name: string, value: string): string {
  return value !== '' && SECRET.test(name) ? '…' : value;
}

/** Hides values of a filter that may be secrets. */
export function withoutSecrets(filter: Filter): Filter {
  if (filter.kind === 'redirect') return filter;
  const edits = filter.edits.map((edit) => ({ ...edit, value: shownValue(edit.name, edit.value) }));
  return { ...filter, edits };
}

/** Writes what a filter does as people configure it: `headers.request.X-Team=blue`. */
export function describeFilter(filter: Filter): string[] {
  if (filter.kind === 'redirect') return [`redirect=${filter.to}`];
  const key = filter.kind === 'request-headers' ? 'headers.request' : 'headers.response';
  return filter.edits.map(
    ({ how, name, value }) => `${key}.${name}${how === 'add' ? '+' : ''}=${shownValue(name, value)}`,
  );
}
