import { ProxyError } from '../../src/data/errors.ts';
import { parseRequestHead, type RequestHead } from '../../src/data/message/request-head.ts';
import { type Downstream, Exchange } from '../../src/data/proxy/exchange.ts';
import type { Exchanges } from '../../src/data/proxy/exchanges.ts';
import { ForwardedFields } from '../../src/data/proxy/forwarded.ts';
import type { Reply } from '../../src/data/proxy/reply.ts';
import type { Transport, TransportOwner } from '../../src/data/socket/transport.ts';
import { RULES } from './heads.ts';
import { listenerOn } from './listener.ts';

/** A protocol of one request: `METHOD HOST PATH LENGTH` on a line and the body; a line with the status and the body come back. */
export class LineConnection implements Downstream, TransportOwner {
  readonly peer = '192.0.2.1';
  readonly listener = listenerOn(80);
  readonly forwarded = new ForwardedFields(this.peer, 'http', () => false, 'fairlead-0123abcd');
  own: Downstream['own'] = undefined;
  readonly transport: Transport;
  readonly #exchanges: Exchanges;
  #exchange: Exchange | undefined = undefined;

  constructor(transport: Transport, exchanges: Exchanges) {
    this.transport = transport;
    this.#exchanges = exchanges;
    transport.transfer(this);
  }

  onRead(bytes: Buffer): void {
    let from = 0;
    if (this.#exchange === undefined) {
      from = bytes.indexOf('\n') + 1;
      const [method, host, path, length] = bytes.toString('latin1', 0, from - 1).split(' ');
      const text = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n`;
      this.#exchange = new Exchange(
        this,
        parseRequestHead(text, text.length - 4, RULES, false) as RequestHead,
        0,
      );
      this.#exchanges.open(this.#exchange);
    }
    const exchange = this.#exchange;
    if (!exchange.body.isComplete) exchange.receive(bytes, from, bytes.length);
    if (!exchange.body.isComplete && exchange.body.size === exchange.head.length) exchange.receiveEnd('');
    if (exchange.flush() === 'full') this.pauseBody();
  }

  onDrain(): void {
    this.#exchange?.clientDrained();
  }

  onEnd(): void {}

  onClose(): void {
    if (this.#exchange?.finished === false)
      this.#exchanges.clientFailed(this.#exchange, new ProxyError('client-gone', 'gone'));
  }

  inform = () => 'taken' as const;
  respond = ({ status }: { readonly status: number }) => this.transport.text(`${status}\n`);
  write = (bytes: Buffer, from: number, to: number) => this.transport.bytes(bytes, from, to);
  end = () => this.transport.close();
  flush = () => this.transport.flush();
  reply = ({ status, body }: Reply) => {
    this.transport.text(`${status}\n${body}`);
    this.transport.close();
  };
  reset = () => this.transport.reset();
  pauseBody = () => this.transport.pause();
  resumeBody = () => this.transport.resume();
  exchangeEnded = () => {};
  destroy = () => this.transport.destroy();
  onBroken = (error: unknown) => this.#exchanges.broke(undefined, error);
  detach = (): never => {
    throw new Error('no other protocol begins here');
  };
}
