import { ProxyError } from '../errors.ts';
import type { Attempt } from '../proxy/attempt.ts';
import type { Transport } from '../socket/transport.ts';
import { Tunnel } from '../socket/tunnel.ts';
import type { Sweep } from '../sweep.ts';

/** An exchange whose two sides speak another protocol, from the 101 until both have closed. */
export class Switched {
  readonly #attempt: Attempt;
  readonly #backend: Transport;
  /** Bytes that the client sent behind its request. */
  readonly #rest: Buffer;
  readonly #tunnel: Tunnel;

  /** @param onClosed called once both sides have closed */
  constructor(attempt: Attempt, backend: Transport, sweep: Sweep, onClosed: () => void) {
    const { exchange, service } = attempt;
    this.#attempt = attempt;
    this.#backend = backend;
    attempt.outcome = 'responded';
    exchange.answered = true;
    exchange.status = 101;
    // No deadline ends a silent tunnel: only the kernel finds out whether its ends still exist.
    backend.keepAlive();
    const { downstream } = exchange;
    this.#rest = downstream.detach();
    const { idleMs } = service.service.timeouts;
    this.#tunnel = new Tunnel(downstream.transport, backend, sweep, idleMs, {
      onSilent: () => this.cut(silentHalf(idleMs)),
      onClientClosed: () => {
        downstream.onClose();
        this.count();
        attempt.completed();
      },
      onClosed,
      onBroken: (error) => {
        this.destroy();
        attempt.broken(error);
      },
    });
  }

  /** Passes bytes on from now on, in place of the pipes by which http-proxy has joined the two sides. */
  join(): void {
    const { stream } = this.#attempt.exchange.downstream.transport;
    stream.unpipe(this.#backend.stream);
    this.#backend.stream.unpipe(stream);
    this.#tunnel.join(this.#rest);
  }

  /** Tells the exchange how many bytes were passed on so far. */
  count(): void {
    const { exchange } = this.#attempt;
    exchange.bytesOut = this.#tunnel.toClient;
    exchange.bytesIn = this.#tunnel.toBackend;
  }

  /** Ends both sides in order: no client can take a part of a tunnel for the whole, as it could of a response. */
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
