import fc from 'fast-check';
import { REQUEST_CASES, RESPONSE_CASES } from '../conformance/http1/cases/index.ts';

/** What parsers disagree about. */
const PIECES = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\0',
    '\t',
    '\x0b',
    '\x0c',
    '\x1f',
    '\x7f',
    '\x80',
    '\x85',
    '\xa0',
    '\xff',
  ],
  ...[
    ' ',
    ':',
    ',',
    ';',
    '=',
    '"',
    '_',
    '-',
    '+',
    '/',
    '\\',
    '?',
    '#',
    '@',
    '*',
    '%',
    '.',
    '..',
    '//',
    '%2e',
    '%00',
  ],
  ...['0', '1', '5', 'a', 'f', 'g', '0x', '00', '10', 'ffffffff', '9007199254740993', '18446744073709551616'],
  ...[
    'chunked',
    'identity',
    'gzip',
    'close',
    'keep-alive',
    'upgrade',
    'trailers',
    '100-continue',
    'h2c',
    'host',
  ],
  ...[
    'Content-Length: 5\r\n',
    'content-length:0\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding:\r\n',
  ],
  ...[
    'Host: b\r\n',
    'Connection: close\r\n',
    'Connection: host, content-length\r\n',
    'TE: trailers\r\n',
    'X: y\r\n',
  ],
  ...[
    'X-Forwarded-Host: a,\xff b\r\n',
    'X-Forwarded-Proto: https\r\n',
    'X-Real-IP: \t\r\n',
    'Upgrade: websocket\r\n',
    'Expect: 100-continue\r\n',
    'X-Forwarded-For: 6.6.6.6\r\n',
    ' folded\r\n',
    'X_Y: z\r\n',
  ],
  ...[
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/2.0',
    'HTTP/1.1 100 Continue\r\n\r\n',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    '5;x=y\r\n',
  ],
  ...[
    'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    'http://a/',
    'HEAD ',
  ],
];

type Kind = 'delete' | 'replace' | 'insert' | 'duplicate' | 'move' | 'case' | 'line-twice' | 'line-move';

/** One change of a text. Places are numbers that are taken modulo its length, so that every change fits every text. */
interface Mutation {
  readonly kind: Kind;
  readonly at: number;
  readonly length: number;
  readonly to: number;
  readonly piece: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom<Kind>(
    ...([
      'delete',
      'replace',
      'insert',
      'insert',
      'duplicate',
      'move',
      'case',
      'line-twice',
      'line-move',
    ] as const),
  ),
  at: fc.nat(0xffff),
  length: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })),
  to: fc.nat(0xffff),
  piece: fc.constantFrom(...PIECES),
});

function mutate(text: string, { kind, at, length, to, piece }: Mutation): string {
  const from = at % (text.length + 1);
  const part = text.slice(from, from + length);
  const without = text.slice(0, from) + text.slice(from + length);
  switch (kind) {
    case 'delete':
      return without;
    case 'replace':
      return insert(without, from, piece);
    case 'insert':
      return insert(text, from, piece);
    case 'duplicate':
      return insert(text, from, part);
    case 'move':
      return insert(without, to % (without.length + 1), part);
    case 'case':
      return insert(without, from, part === part.toLowerCase() ? part.toUpperCase() : part.toLowerCase());
    case 'line-twice':
    case 'line-move': {
      const lines = text.split('\r\n');
      const line = lines[at % lines.length] as string;
      if (kind === 'line-move') lines.splice(at % lines.length, 1);
      lines.splice(to % (lines.length + 1), 0, line);
      return lines.join('\r\n');
    }
  }
}

const insert = (text: string, at: number, piece: string) => text.slice(0, at) + piece + text.slice(at);

/** Bytes of a connection, and how they are cut into what is read at a time. */
export interface Mutant {
  readonly text: string;
  readonly pieces: readonly Buffer[];
}

/** Longer cases are about limits of size, and there is little to mutate in them but the time that it takes. */
const MAX_SEED = 2_000;

/** Texts to start from. */
interface Seeds {
  /** What passes as it is: most of what is found is found by a change of it. */
  readonly good: readonly string[];
  readonly all: readonly string[];
}

function mutantOf({ good, all }: Seeds): fc.Arbitrary<string> {
  const seed = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...all) },
  );
  return fc
    .tuple(seed, fc.array(mutation, { maxLength: 3 }))
    .map(([text, mutations]) => mutations.reduce(mutate, text));
}

/** One to three cases behind each other, each with some changes, cut anywhere. */
function mutants(seeds: Seeds, most: number): fc.Arbitrary<Mutant> {
  return (
    fc
      .tuple(
        fc.array(mutantOf(seeds), { minLength: 1, maxLength: most }),
        fc.oneof(
          fc.constant<number[]>([]),
          fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 3 }),
          fc.constant('each' as const),
        ),
      )
      .map(([parts, cuts]) => {
        const text = parts.join('');
        return { text, pieces: cutAt(Buffer.from(text, 'latin1'), cuts) };
      })
      // A read is never empty.
      .filter(({ text }) => text !== '')
  );
}

function cutAt(bytes: Buffer, cuts: readonly number[] | 'each'): Buffer[] {
  if (cuts === 'each') return [...bytes].map((byte) => Buffer.of(byte));
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i])).filter(({ length }) => length > 0);
}

function seedsOf<T extends { readonly bytes: string }>(
  cases: readonly T[],
  isGood: (one: T) => boolean,
): Seeds {
  const short = cases.filter(({ bytes }) => bytes.length <= MAX_SEED);
  return { good: short.filter(isGood).map(({ bytes }) => bytes), all: short.map(({ bytes }) => bytes) };
}

/** What a client may send. */
export const requestMutants = mutants(
  seedsOf(REQUEST_CASES, ({ verdict }) => verdict.forwarded.length > 0),
  3,
);

/** What a client sends, and by what rules it is read. */
export interface AskedRequest {
  readonly mutant: Mutant;
  /** Its X-Forwarded-* headers are believed. */
  readonly trusted: boolean;
  readonly keepUnderscores: boolean;
}

export const askedRequests: fc.Arbitrary<AskedRequest> = fc.record({
  mutant: requestMutants,
  trusted: fc.boolean(),
  keepUnderscores: fc.boolean(),
});

/** What a backend may answer, and to which method. */
export const responseMutants = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
  mutant: mutants(
    seedsOf(RESPONSE_CASES, ({ verdict }) => verdict.outcome === 'relayed'),
    2,
  ),
});
