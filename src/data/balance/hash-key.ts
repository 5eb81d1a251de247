import type { Scheme } from '../../model/listener.ts';
import type { HashKey } from '../../model/service.ts';
import { hashText } from './hash.ts';

/** The parts of a request that keys are made of. */
export interface KeySource {
  /** The normalised path. */
  readonly path: string;
  /** The client's address. */
  readonly client: string;
  /** The scheme by which the client asked. */
  readonly scheme: Scheme;
  readonly head: {
    field(lowerName: string): string | undefined;
    all(lowerName: string): readonly string[];
  };
}

/** Returns the hashed key of a request. Without the header or cookie the key is the client's address. */
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
 * Looks the values of a cookie up until one leads to something, and returns that. A client may send several cookies of a
 * name, one for each path and domain, and each on a line of its own (RFC 6265, section 5.4; RFC 9113, section 8.2.3).
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
