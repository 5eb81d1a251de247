import type { Clock } from '../../../model/clock.ts';
import { guarded } from '../../../telemetry/internal-errors.ts';

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;

/** How a connection is made, and who hears of its end. */
export interface Connecting {
  readonly clock: Clock;
  /**
   * Connects; resolves or rejects when the connection has ended, for whatever reason. Once it has called `onConnected`, the
   * waits are short again.
   */
  connect(connection: AbortController, onConnected: () => void): Promise<void>;
  /** Told why a connection has ended, unless `signal` has ended it. */
  onLost(reason: unknown): void;
}

/** Connects again and again, with waits that grow, until the signal aborts. Never rejects. */
export async function stayConnected(
  { clock, connect, onLost }: Connecting,
  signal: AbortSignal,
): Promise<void> {
  // Guarded, so that an exception does not end the loop.
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
    // If the connection was aborted here, the reason of the abort says more than the error of the stream.
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
