import type { ResponseHead } from '../message/response-head.ts';

/** Node closes connections that were idle for 5 s. */
const IDLE_MS = 4_000;
/** Taken off what a backend announces, so that the two sides do not close at the same time as we send. */
const MARGIN_MS = 1_000;

/** How long a connection may wait for its next request, in milliseconds: as the backend says, if it does. */
export function idleTime({ idleSeconds }: ResponseHead): number {
  return idleSeconds > 0 ? Math.max(0, idleSeconds * 1_000 - MARGIN_MS) : IDLE_MS;
}
