import type { Clock } from '../../../model/clock.ts';
import { guarded } from '../../../telemetry/internal-errors.ts';

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;

/** What keeps a connection. */
export interface Connecting {
  readonly clock: Clock;
  /**
   * Connects, and resolves or rejects when that is over, be it by the signal. The next wait is a short one again once it
   * has said that it is connected.
   */
  connect(connection: AbortController, onConnected: () => void): Promise<void>;
  /** Why it is over, unless it was told to be. */
  onLost(reason: unknown): void;
}

/** Connects again and again, later and later, until it is aborted. Never rejects. */
export async function stayConnected(
  { clock, connect, onLost }: Connecting,
  signal: AbortSignal,
): Promise<void> {
  // Whatever becomes of it, the next connection is made.
  const tellLost = guarded('source', onLost);
  let backoff = FIRST_BACKOFF_MS;
  while (!signal.aborted) {
    const connection = new AbortController();
    const stop = () => connection.abort();
    signal.addEventListener('abort', stop);
    let reason: unknown = new Error('the event stream ended');
    try {
      await connect(connection, () => {
        backoff = FIRST_BACKOFF_MS;
      });
    } catch (error) {
      reason = error;
    }
    signal.removeEventListener('abort', stop);
    // When we ended the connection, the stream only tells that, and not why.
    if (!signal.aborted) tellLost(connection.signal.aborted ? connection.signal.reason : reason);
    connection.abort();
    if (!signal.aborted) await sleep(clock, backoff, signal);
    backoff = Math.min(MAX_BACKOFF_MS, backoff * 2);
  }
}

function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      cancel();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.after(ms, wake);
    signal.addEventListener('abort', wake);
  });
}
