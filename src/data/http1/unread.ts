import type { Transport } from '../socket/transport.ts';
import type { BackendState } from '../upstream/backend-state.ts';

/** Within this time the kernel of a backend on a network nearby has said what it thinks of our bytes. */
const SAID_MS = 3;
/** Within this time one that stops has closed all that it had. */
const STOPPED_MS = 5;
/** Only of a request that is no older it is believed that nobody has read it. */
const YOUNG_MS = 200;

/**
 * Finds out whether nobody has read a request of one segment, whose backend has closed without a response, be it that it served
 * on this connection before or was about to stop when it accepted it. Had it read the request before, all is quiet now; had it
 * closed before, its kernel has answered the request with a reset (RFC 9293, section 3.10.7), and nothing can be written any more.
 * So one more line end is: a server that only closed its side would skip it (RFC 9112, section 2.2).
 */
export function findOutByWriting(transport: Transport, done: (isNeverRead: boolean) => void): void {
  // The network's time, whatever clock the proxy goes by.
  setTimeout(() => {
    if (!transport.isClosed) transport.tryWrite('\r\n', done);
  }, SAID_MS);
}

/**
 * Finds out whether nobody has read a request of one segment, whose backend has reset the connection without a response. That is
 * what the kernel of one does that closes before it has read what came, as an application that stops closes all that it takes for
 * idle; but also what one does which gives up a request. If it has ended in order, and in this moment, all connections on which it
 * had nothing to read, it is the former.
 * @param ageMs how long ago the request began
 */
export function findOutByWaiting(
  backend: BackendState,
  ageMs: number,
  done: (isNeverRead: boolean) => void,
): void {
  if (ageMs > YOUNG_MS) return done(false);
  setTimeout(() => done(backend.hasStopped(performance.now())), STOPPED_MS);
}
