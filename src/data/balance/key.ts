import type { Scheme } from '../../model/listener.ts';
import type { HashKey } from '../../model/service.ts';
import { hashText } from './hash.ts';

/** What keys are made of. */
export interface KeySource {
  /** Normalised. */
  readonly path: string;
  /** Its address. */
  readonly client: string;
  /** By which the client asked. */
  readonly scheme: Scheme;
  readonly head: {
    field(lowerName: string): string | undefined;
    all(lowerName: string): readonly string[];
  };
}

/** The key of a request, hashed. Requests without the header or cookie go by the client's address. */
export type KeyOf = (source: KeySource) => number;

export function makeKeyOf(key: HashKey): KeyOf {
  switch (key.by) {
    case 'client':
      return (source) => hashText(source.client);
    case 'path':
      return (source) => hashText(source.path);
    case 'header': {
      const name = key.name.toLowerCase();
      return (source) => hashText(source.head.field(name) ?? source.client);
    }
    case 'cookie':
      return (source) => hashText(findCookie(source, key.name, itself) ?? source.client);
  }
}

const itself = (value: string) => value;

/**
 * What the first of a cookie's values leads to that leads to anything. A client may send several of a name, one for each
 * path and domain, and each on a line of its own (RFC 6265, section 5.4; RFC 9113, section 8.2.3).
 */
export function findCookie<T>(
  { head }: Pick<KeySource, 'head'>,
  name: string,
  leadsTo: (value: string) => T | undefined,
): T | undefined {
  for (const line of head.all('cookie')) {
    if (!line.includes(name)) continue;
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=');
      if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
      const found = leadsTo(pair.slice(equals + 1).trim());
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
