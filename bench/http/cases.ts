/** One kind of work, the same for every proxy. */
export interface Case {
  readonly name: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** Bytes of the request's body. */
  readonly body?: number;
  readonly connections: number;
  /** Each request opens a connection of its own. */
  readonly isFresh?: boolean;
  /** Messages of a WebSocket, echoed one by one. */
  readonly isWebSocket?: boolean;
  /** With access logs on. */
  readonly isLogged?: boolean;
  /** Clients connect with TLS. */
  readonly isTls?: boolean;
  /** Each connection is resumed by the ticket of an earlier one. */
  readonly isResumed?: boolean;
}

/** Those that are compared with each other stand together, since a machine drifts. */
export const CASES: readonly Case[] = [
  { name: 'small GET', path: '/small', method: 'GET', connections: 64 },
  { name: 'small GET, logged', path: '/small', method: 'GET', connections: 64, isLogged: true },
  { name: '16 KB GET', path: '/16k', method: 'GET', connections: 64 },
  { name: '16 KB GET, logged', path: '/16k', method: 'GET', connections: 64, isLogged: true },
  { name: '1 MB GET', path: '/1m', method: 'GET', connections: 16 },
  { name: '16 KB POST', path: '/post', method: 'POST', body: 16_384, connections: 64 },
  { name: 'chunked 16 KB', path: '/chunked', method: 'GET', connections: 64 },
  { name: 'new connection', path: '/small', method: 'GET', connections: 64, isFresh: true },
  { name: '1,000 connections', path: '/small', method: 'GET', connections: 1_000 },
  { name: 'TLS small', path: '/small', method: 'GET', connections: 64, isTls: true },
  { name: 'TLS 16k', path: '/16k', method: 'GET', connections: 64, isTls: true },
  { name: 'TLS new', path: '/small', method: 'GET', connections: 16, isTls: true, isFresh: true },
  {
    name: 'TLS resumed',
    path: '/small',
    method: 'GET',
    connections: 16,
    isTls: true,
    isFresh: true,
    isResumed: true,
  },
  { name: 'WebSocket echo', path: '/ws', method: 'GET', connections: 64, isWebSocket: true },
];

/** Bytes of one WebSocket message. */
export const MESSAGE_BYTES = 64;
