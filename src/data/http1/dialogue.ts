import { type Listener, schemeOf } from '../../model/listener.ts';
import { ProxyError } from '../errors.ts';
import type { Client } from '../listener/client.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { ResponseHead } from '../message/response-head.ts';
import { type Downstream, Exchange } from '../proxy/exchange.ts';
import { ForwardedFields } from '../proxy/forwarded.ts';
import { errorReply, type Reply } from '../proxy/reply.ts';
import type { Flow, Transport } from '../socket/transport.ts';
import { ASK_MS, type HalfClosed } from './half-closed.ts';
import { Pace } from './pace.ts';
import { RequestReader, type RequestSink } from './request-reader.ts';
import { ResponseWriter } from './response-writer.ts';
import type { ServerContext } from './server-context.ts';

/** What is done with the bytes that come from a client. */
export type Phase =
  /** They are read as requests, of which one may be under way. */
  | 'serving'
  /** They are discarded: the last answer was given. */
  | 'lingering'
  /** Another protocol has the transport, and decides how it ends. */
  | 'upgraded';

/** The connection that a dialogue is held on. */
export interface DialogueHost extends Client {
  readonly context: ServerContext;
  readonly transport: Transport;
  own: Downstream['own'];
  /** Requests that have come on this connection. */
  requests: number;
  phase: Phase;
  /** Set once the client has ended its side; it may still listen. */
  readonly halfClosed: HalfClosed | undefined;
  /**
   * Sets the deadline of what the client has to do next.
   * @param ms Infinity when it has to do nothing
   */
  wait(ms: number): void;
  /**
   * The exchange is over.
   * @param stays whether the connection may carry another one
   */
  exchangeEnded(stays: boolean): void;
  onClose(): void;
  onBroken(error: unknown): void;
}

/**
 * The requests and responses on a client's connection: one request after the other, each answered before the next is read. A
 * connection that has been idle for a while has no dialogue until bytes come.
 */
export class Dialogue implements RequestSink, Downstream {
  readonly peer: string;
  readonly listener: Listener;
  readonly transport: Transport;
  readonly reader: RequestReader;
  readonly forwarded: ForwardedFields;
  exchange: Exchange | undefined = undefined;
  readonly #host: DialogueHost;
  readonly #writer: ResponseWriter;
  readonly #pace: Pace;
  /** Another request may follow the one that is being answered. */
  #keepAlive = true;

  constructor(host: DialogueHost) {
    const { context, transport, peer, listener } = host;
    const { isTrusted, minBodyRate, bodyTimeout } = context.settings;
    this.#host = host;
    this.peer = peer;
    this.listener = listener;
    this.transport = transport;
    this.reader = new RequestReader(this, context, isTrusted(peer));
    this.#writer = new ResponseWriter(transport);
    this.#pace = new Pace(minBodyRate, bodyTimeout);
    this.forwarded = new ForwardedFields(peer, schemeOf(listener), isTrusted, context.instance);
  }

  /** The client does not take what is written: nothing more should be written until `onDrain`. */
  get isBehind(): boolean {
    return this.#writer.isFull;
  }

  /** Ends the exchange that is under way, if there is one, by a fault of the client. */
  fail(error: ProxyError): void {
    if (this.exchange !== undefined) this.#host.context.exchanges.clientFailed(this.exchange, error);
  }

  /** Lets no request follow the answer that is given. */
  close(): void {
    this.#keepAlive = false;
  }

  /** Answers what is no request with an error. Nothing is sent after it. */
  refused(error: ProxyError, requestId: string): void {
    this.#writer.begin();
    this.#writer.reply(errorReply(error, '', requestId), false);
    this.#writer.flush();
  }

  // RequestSink: what the reader finds.

  /** The next request may begin. While the client does not take earlier answers, it may not. */
  get isFree(): boolean {
    return this.exchange === undefined && this.#host.phase !== 'lingering' && !this.isBehind;
  }

  headBegan(): void {
    this.#host.wait(this.#host.context.settings.headerTimeout);
  }

  request(head: RequestHead): void {
    const host = this.#host;
    const isLast = ++host.requests === host.context.settings.maxRequestsPerConnection;
    if (host.requests === 1 && !host.context.clients.admit(host)) return;
    // Bytes behind an upgrade request may be of the other protocol, even if it is refused.
    this.#keepAlive = head.keepAlive && head.upgrade === '' && !isLast;
    this.#pace.begin();
    this.#writer.begin(head);
    this.exchange = new Exchange(this, head, host.context.elapsed());
    if (head.length === 0) host.wait(Number.POSITIVE_INFINITY);
    else this.waitForClient();
    host.context.exchanges.open(this.exchange);
  }

  body(buffer: Buffer, from: number, to: number): void {
    this.exchange?.receive(buffer, from, to);
  }

  bodyEnded(trailers: string): void {
    this.exchange?.receiveEnd(trailers);
  }

  bodyBroke(detail: string): void {
    this.fail(new ProxyError('bad-request', detail));
  }

  refuse(error: ProxyError): void {
    this.#host.refuse(error);
  }

  /** Sends on what was read. Reading stops when no more can be sent on, and at the next request. */
  afterRead(): void {
    const { exchange } = this;
    if (exchange === undefined) {
      if (!this.isFree && this.#host.phase !== 'lingering') this.pauseBody();
    } else if (exchange.isUnsent) {
      if (exchange.head.length !== 0) this.waitForClient();
      if (exchange.flush() === 'full' && !exchange.body.isComplete) this.pauseBody();
    } else if (this.reader.hasBytes) this.transport.pause();
  }

  /** Sets the client's deadline, if it does not take what is written, owes more of its request, or has ended its side. */
  waitForClient(): void {
    const { exchange } = this;
    const { context, halfClosed } = this.#host;
    const { sweep, settings } = context;
    const owes = exchange?.body.isComplete === false && !this.transport.isPaused;
    // The least rate counts until the answer begins: after that a client may send when it likes.
    if (owes && !exchange.answered && !this.isBehind)
      return this.#host.wait(this.#pace.go(sweep.now, exchange.body.size));
    this.#pace.stop(sweep.now);
    if (owes || this.isBehind) this.#host.wait(settings.bodyTimeout);
    else this.#host.wait(halfClosed === undefined ? Number.POSITIVE_INFINITY : ASK_MS);
  }

  // Downstream: what the exchange says to the client.

  get own(): Downstream['own'] {
    return this.#host.own;
  }

  set own(connections: Downstream['own']) {
    this.#host.own = connections;
  }

  inform(head: ResponseHead): Flow {
    this.#writer.inform(head);
    return this.flush();
  }

  respond(head: ResponseHead, fields: string): void {
    this.#keepAlive = this.#writer.respond(head, this.#canStay, fields);
    if (this.exchange?.body.isComplete === false) this.waitForClient();
  }

  write(buffer: Buffer, from: number, to: number): void {
    this.#writer.write(buffer, from, to);
  }

  end(trailers: string): void {
    this.#writer.end(trailers);
  }

  flush(): Flow {
    const flow = this.#writer.flush();
    if (flow === 'full') this.waitForClient();
    return flow;
  }

  reply(reply: Reply): void {
    // Other servers may read a bad request in another way, so nothing that follows it can be trusted.
    this.#keepAlive = this.#canStay && this.exchange?.error?.code !== 'bad-request';
    this.#writer.reply(reply, this.#keepAlive);
    this.#writer.flush();
  }

  pauseBody(): void {
    this.transport.pause();
    this.waitForClient();
  }

  resumeBody(): void {
    this.transport.resume();
    this.waitForClient();
  }

  detach(): Buffer {
    this.#host.phase = 'upgraded';
    this.transport.pause();
    return this.reader.takeRest();
  }

  exchangeEnded(): void {
    this.exchange = undefined;
    this.#host.exchangeEnded(this.#keepAlive);
  }

  reset(): void {
    this.close();
    this.#host.reset();
  }

  destroy(): void {
    this.#host.destroy();
  }

  onClose(): void {
    this.#host.onClose();
  }

  onBroken(error: unknown): void {
    this.#host.onBroken(error);
  }

  /** Whether another request may follow. Not where the response begins before the request's body is whole. */
  get #canStay(): boolean {
    return (
      this.#keepAlive && this.exchange?.body.isComplete !== false && !this.#host.context.clients.isStopping
    );
  }
}
