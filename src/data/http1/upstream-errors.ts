import { isExhaustion } from '../../model/exhaustion.ts';
import type { Timeouts } from '../../model/service.ts';
import { ProxyError } from '../proxy/errors.ts';

/** How far a connection to a backend is with its exchange. */
export interface Progress {
  readonly phase: 'idle' | 'head' | 'body' | 'closed';
  readonly isConnected: boolean;
  /** The whole request was handed to the socket. */
  readonly requestDone: boolean;
  /** Bytes that the backend has not taken yet. */
  readonly writableLength: number;
  /** It served before, and not a byte of this response has come. */
  readonly isStale: boolean;
}

/**
 * What is late when the deadline of a connection has passed; undefined when that is the client.
 * @param tryMs how long one try may wait for its response
 */
export function lateness(progress: Progress, timeouts: Timeouts, tryMs: number): ProxyError | undefined {
  if (!progress.isConnected)
    return new ProxyError('connect-timeout', `no connection within ${timeouts.connectMs} ms`);
  if (progress.phase === 'body')
    return new ProxyError('body-stalled', `the response stalled for ${timeouts.idleMs} ms`);
  if (progress.requestDone) return new ProxyError('response-timeout', `no response within ${tryMs} ms`);
  // All that came of the request was taken meanwhile: the rest is the client's to send.
  if (progress.writableLength === 0) return undefined;
  return new ProxyError('body-stalled', `the request was not taken for ${timeouts.idleMs} ms`);
}

/**
 * What it means for an exchange that its connection has closed.
 * @param isNeverRead a stale one is known to have been closed before the request came
 */
export function closure(progress: Progress, reason: string, isNeverRead: boolean): ProxyError {
  const { phase, isConnected, isStale } = progress;
  if (isExhaustion(reason)) return new ProxyError('exhausted', reason);
  if (!isConnected) return new ProxyError('connect-failed', reason);
  if (isStale) return new ProxyError(isNeverRead ? 'never-read' : 'stale-connection', reason);
  return new ProxyError('reset', `${reason} ${phase === 'head' ? 'before a' : 'within the'} response`);
}
