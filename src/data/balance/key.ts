import type { HashKey } from '../../model/service.ts';
import { hashText } from './hash.ts';

/** What keys are made of. */
export interface KeySource {
  /** Normalised. */
  readonly path: string;
  /** Its address. */
  readonly client: string;
  readonly head: {
    readonly forwardedProto: string;
    field(lowerName: string): string | undefined;
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
      return (source) => hashText(cookieOf(source, key.name) ?? source.client);
  }
}

/** The value of a request's cookie (RFC 6265, section 4.2.1). */
export function cookieOf({ head }: Pick<KeySource, 'head'>, name: string): string | undefined {
  const cookies = head.field('cookie');
  if (cookies === undefined) return undefined;
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
