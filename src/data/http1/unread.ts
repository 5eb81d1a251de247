import type { Transport } from '../socket/transport.ts';
import type { BackendState } from '../upstream/backend-state.ts';

/** Milliseconds within which a reset by the kernel of a backend nearby has arrived. */
const SAID_MS = 3;
/** Milliseconds within which a backend that stops has closed all its connections. */
const STOPPED_MS = 5;
/** The age in milliseconds up to which a request is believed to be unread. */
const YOUNG_MS = 200;

/**
 * Finds out, by one more write, whether nobody has read a request of one segment whose backend has closed without a response.
 * Either the backend has served on this connection before, or it was about to stop when it accepted it. If the backend closed
 * before the request came, its kernel has answered the request with a reset (RFC 9293, section 3.10.7), and the write is
 * refused. If the backend had read the request, there was no reset, and the write goes out. It is an empty line, which a server
 * that has only closed its side skips (RFC 9112, section 2.2).
 */
export function findOutByWriting(transport: Transport, done: (isNeverRead: boolean) => void): void {
  // Real time, whatever clock the proxy goes by: the network does not go by that.
  setTimeout(() => {
    if (!transport.isClosed) transport.tryWrite('\r\n', done);
  }, SAID_MS);
}

/**
 * Finds out, by waiting a moment, whether nobody has read a request of one segment whose backend has reset the connection
 * without a response. A kernel resets a connection that is closed with unread bytes. So does an application that stops, when it
 * closes a connection that it takes for idle; but an application that gives up a request may cause a reset, too. If the backend
 * has in this moment ended in order all connections on which it had nothing to read, it has stopped, and the request was not
 * read.
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
