import type { IncomingMessage } from 'node:http';
import { ProxyError } from '../errors.ts';
import type { Exchange } from '../proxy/exchange.ts';
import { safely } from '../safely.ts';
import type { Flow } from '../socket/transport.ts';

const CUT_SHORT = new ProxyError('reset', 'closed by the backend within the response');

/** Hears how a refusal goes on. */
export interface RefusalEvents {
  /** Some of the refusal's body went to the client; after `full` no more comes until `resume`. */
  onRefusalBody(flow: Flow): void;
  /** All of the body has come. */
  onRefusalEnd(): void;
  fail(error: ProxyError): void;
  /** A callback threw. */
  onBroken(error: unknown): void;
}

/** The body of a response with which a backend refuses to change the protocol. It is relayed like any other. */
export class Refusal {
  readonly #response: IncomingMessage;

  constructor(response: IncomingMessage, exchange: Exchange, events: RefusalEvents) {
    this.#response = response;
    const onData = (chunk: Buffer) => {
      exchange.respondBody(chunk, 0, chunk.length);
      const flow = exchange.sink.flush();
      if (flow === 'full') response.pause();
      events.onRefusalBody(flow);
    };
    response.on('data', safely(events, onData));
    response.on(
      'end',
      safely(events, () => events.onRefusalEnd()),
    );
    response.on('error', () => events.fail(CUT_SHORT));
  }

  /** The client takes more again. */
  resume(): void {
    this.#response.resume();
  }
}
