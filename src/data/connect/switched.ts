import type { Socket } from 'node:net';
import { ProxyError } from '../errors.ts';
import type { Attempt } from '../proxy/attempt.ts';
import { KEEP_ALIVE_MS } from '../socket/socket-transport.ts';
import { Tunnel } from '../socket/tunnel.ts';
import type { Sweep } from '../sweep.ts';

/** An exchange whose two sides speak another protocol, from the 101 until both have closed. */
export class Switched {
  readonly #attempt: Attempt;
  readonly #tunnel: Tunnel;

  /** @param onClosed both sides have closed */
  constructor(attempt: Attempt, client: Socket, backend: Socket, sweep: Sweep, onClosed: () => void) {
    const { exchange, service } = attempt;
    this.#attempt = attempt;
    attempt.outcome = 'responded';
    exchange.answered = true;
    exchange.status = 101;
    // No deadline ends a silent tunnel: whether its ends still exist only the kernel finds out.
    backend.setKeepAlive(true, KEEP_ALIVE_MS);
    const rest = exchange.downstream.detach();
    if (rest.length > 0) client.unshift(rest);
    const { idleMs } = service.service.timeouts;
    this.#tunnel = new Tunnel(client, backend, sweep, idleMs, {
      onSilent: () => this.cut(silentHalf(idleMs)),
      onClientClosed: () => {
        this.count();
        attempt.completed();
      },
      onClosed,
    });
  }

  /** The two sides were joined by pipes. */
  join(): void {
    this.#tunnel.join();
  }

  /** Tells the exchange what was passed on so far. */
  count(): void {
    const { exchange } = this.#attempt;
    exchange.bytesOut = this.#tunnel.toClient;
    exchange.bytesIn = this.#tunnel.toBackend;
  }

  /** Ends both sides in order: there is no response of which a part could be taken for the whole. */
  cut(error: ProxyError): void {
    const { exchange } = this.#attempt;
    exchange.error = error;
    exchange.isCut = true;
    this.destroy();
  }

  destroy(): void {
    this.#tunnel.destroy();
  }
}

function silentHalf(idleMs: number): ProxyError {
  return new ProxyError(
    'body-stalled',
    `one side had ended, and the other was silent for ${idleMs} ms (fairlead.timeout.idle)`,
  );
}
