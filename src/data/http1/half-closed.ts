import type { Exchange } from '../proxy/exchange.ts';
import type { Transport } from '../socket/transport.ts';

/** How often a client that has ended its side is asked whether it is still there. */
export const ASK_MS = 2_000;

const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';

/**
 * A client that has ended its side: it may listen to the answer (RFC 9293, section 3.6), or have gone, which looks the same.
 * The kernel of one that has gone answers whatever is sent with a reset. The runtime does not read a side that has ended, and
 * hears of that with the next write.
 */
export class HalfClosed {
  #bytesOut = -1;

  /** Whether it is heard out. What only waits for its turn is given up, like what is not whole. */
  static isHeardOut({ body, running, head }: Exchange): boolean {
    return body.isComplete && running !== undefined && head.upgrade === '';
  }

  /** Asks it, at most each `ASK_MS`: false when it counts as gone, since of its response nothing came meanwhile. */
  ask(transport: Transport, { answered, bytesOut, head }: Exchange): boolean {
    if (answered && bytesOut === this.#bytesOut) return false;
    if (!answered && head.minor === 0) transport.ask();
    else if (!answered) {
      transport.text(PROCESSING);
      transport.flush();
    }
    this.#bytesOut = answered ? bytesOut : -1;
    return true;
  }
}
