import { SEGMENT } from '../proxy/request-body.ts';
import type { Transport } from '../socket/transport.ts';
import type { BackendState } from '../upstream/backend-state.ts';

/** Within this time the kernel of a backend on a network nearby has said what it thinks of our bytes. */
const SAID_MS = 3;
/** Within this time one that stops has closed all that it had. */
const STOPPED_MS = 5;
/** Only of a request that is no older it is believed that nobody has read it. */
const YOUNG_MS = 200;

/** What was sent of a connection's latest request, and whether the backend can have seen it. */
export class SentRequest {
  size = 0;
  writes = 0;
  isChunked = false;
  /** All of it was handed to the socket. */
  isDone = false;
  /** The backend had closed before the request came: nobody has read a byte of it. */
  isNeverRead = false;

  /** In the sweep's milliseconds. */
  #begunAt = 0;

  begin(size: number, isChunked: boolean, now: number): void {
    this.#begunAt = now;
    this.size = size;
    this.isChunked = isChunked;
    this.isDone = false;
    this.writes = 0;
  }

  /** It arrived whole or not at all. */
  get isOneSegment(): boolean {
    return this.writes === 1 && this.size <= SEGMENT;
  }

  /**
   * The backend has closed without a response, be it that it served on this connection before or was about to stop when it
   * accepted it. Had it read the request before, all is quiet now; had it closed
   * before, its kernel has answered the request with a reset (RFC 9293, section 3.10.7), and nothing can be written
   * any more. So one more line end is: a server that only closed its side would skip it (RFC 9112, section 2.2).
   */
  prove(transport: Transport, done: () => void): void {
    // The network's time, whatever clock the proxy goes by.
    setTimeout(() => {
      if (transport.isClosed) return;
      transport.tryWrite('\r\n', (isRefused) => {
        this.isNeverRead = isRefused;
        done();
      });
    }, SAID_MS);
  }

  /**
   * The backend has reset the connection without a response. That is what the kernel of one does that closes before it has
   * read what came, as an application that stops closes all that it takes for idle; but also what one does which gives up a
   * request. If it has ended in order, and in this moment, all connections on which it had nothing to read, it is the former.
   */
  proveByStop(backend: BackendState, now: number, done: () => void): void {
    // Whatever comes of it, others like it are better off on fresh connections from now on.
    backend.foundStale(now);
    if (now - this.#begunAt > YOUNG_MS) return done();
    setTimeout(() => {
      this.isNeverRead = backend.hasStopped(performance.now());
      done();
    }, STOPPED_MS);
  }
}
