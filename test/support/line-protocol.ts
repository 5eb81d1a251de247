import type { Socket } from 'node:net';
import { ProxyError } from '../../src/data/errors.ts';
import { parseRequestHead, type RequestHead } from '../../src/data/message/request-head.ts';
import { type Downstream, Exchange } from '../../src/data/proxy/exchange.ts';
import type { Exchanges } from '../../src/data/proxy/exchanges.ts';
import { ForwardedFields } from '../../src/data/proxy/forwarded.ts';
import type { Reply } from '../../src/data/proxy/reply.ts';
import { RULES } from './heads.ts';
import { listenerOn } from './listener.ts';

/** A protocol of one request: `METHOD HOST PATH LENGTH` on a line and the body; a line with the status and the body come back. */
export class LineConnection implements Downstream {
  readonly peer = '192.0.2.1';
  readonly listener = listenerOn(80);
  readonly forwarded = new ForwardedFields(this.peer, 'http', () => false, 'fairlead-0123abcd');
  own: Downstream['own'] = undefined;
  readonly #socket: Socket;
  readonly #exchanges: Exchanges;
  #exchange: Exchange | undefined = undefined;

  constructor(socket: Socket, exchanges: Exchanges) {
    this.#socket = socket;
    this.#exchanges = exchanges;
    socket
      .on('data', (bytes: Buffer) => this.#read(bytes))
      .on('drain', () => this.#exchange?.clientDrained());
    socket.on('error', () => {}).on('close', () => this.#leave());
  }

  #read(bytes: Buffer): void {
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

  #leave(): void {
    if (this.#exchange?.finished === false)
      this.#exchanges.clientFailed(this.#exchange, new ProxyError('client-gone', 'gone'));
  }

  inform = () => 'taken' as const;
  respond = ({ status }: { readonly status: number }) => void this.#socket.write(`${status}\n`);
  write = (bytes: Buffer, from: number, to: number) =>
    void this.#socket.write(Buffer.from(bytes.subarray(from, to)));
  end = () => void this.#socket.end();
  flush = () => (this.#socket.writableNeedDrain ? 'full' : 'held');
  reply = ({ status, body }: Reply) => void this.#socket.end(`${status}\n${body}`);
  reset = () => void this.#socket.resetAndDestroy();
  pauseBody = () => void this.#socket.pause();
  resumeBody = () => void this.#socket.resume();
  finished = () => {};
  destroy = () => void this.#socket.destroy();
  onBroken = (error: unknown) => this.#exchanges.broke(undefined, error);
  detach = (): never => {
    throw new Error('no other protocol begins here');
  };
  get socket(): never {
    return this.detach();
  }
}
