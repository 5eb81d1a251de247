/** One kind of work, the same for every proxy. */
export interface Case {
  readonly name: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** Bytes of the request's body. */
  readonly body?: number;
  readonly connections: number;
}

export const CASES: readonly Case[] = [
  { name: 'small GET', path: '/small', method: 'GET', connections: 64 },
  { name: '16 KB GET', path: '/16k', method: 'GET', connections: 64 },
  { name: '1 MB GET', path: '/1m', method: 'GET', connections: 16 },
  { name: '16 KB POST', path: '/post', method: 'POST', body: 16_384, connections: 64 },
];
