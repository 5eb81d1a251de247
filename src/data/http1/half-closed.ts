import type { Exchange } from '../proxy/exchange.ts';
import type { Transport } from '../socket/transport.ts';

/** How often a client that has ended its side is asked whether it is still there. */
export const ASK_MS = 2_000;

const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';

/**
 * A client that has ended its side (TCP FIN). It may listen to the answer (RFC 9293, section 3.6), or be gone; the two look the
 * same. If it is gone, its kernel answers whatever we send with a reset. The runtime does not read a side that has ended, and
 * hears of the reset only with the next write.
 */
export class HalfClosed {
  #bytesOut = -1;

  /** Whether the client's exchange goes on: only if its request is complete and running. A request in the queue is given up. */
  static isHeardOut({ body, running, head }: Exchange): boolean {
    return body.isComplete && running !== undefined && head.upgrade === '';
  }

  /**
   * Asks the client, each `ASK_MS`, whether it is there. False when it counts as gone: nothing of its response was sent since
   * the last call.
   */
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
