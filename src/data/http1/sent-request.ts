import type { Socket } from 'node:net';

/** So many bytes travel in one piece on any network: IPv6's least packet (RFC 8200, section 5) without its headers. */
export const SEGMENT = 1_200;
/** Within this time the kernel of a backend on a network nearby has said what it thinks of our bytes. */
const SAID_MS = 3;

/** What was sent of a connection's latest request, and whether the backend can have seen it. */
export class SentRequest {
  size = 0;
  writes = 0;
  isChunked = false;
  /** All of it was handed to the socket. */
  isDone = false;
  /** The backend had closed before the request came: nobody has read a byte of it. */
  isNeverRead = false;

  begin(size: number, isChunked: boolean): void {
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
  prove(socket: Socket, done: () => void): void {
    // The network's time, whatever clock the proxy goes by.
    setTimeout(() => {
      if (socket.destroyed) return;
      socket.write('\r\n', (error) => {
        this.isNeverRead = (error as NodeJS.ErrnoException | null | undefined)?.code === 'EPIPE';
        done();
      });
    }, SAID_MS);
  }
}
