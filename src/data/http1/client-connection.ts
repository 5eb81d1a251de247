import type { Listener } from '../../model/listener.ts';
import { ProxyError } from '../errors.ts';
import type { Client } from '../listener/client.ts';
import type { Deferred } from '../listener/intake.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { ResponseHead } from '../message/response-head.ts';
import { type Downstream, Exchange } from '../proxy/exchange.ts';
import type { Reply } from '../proxy/reply.ts';
import type { Flow, Transport, TransportOwner } from '../socket/transport.ts';
import type { Expiring } from '../sweep.ts';
import { ClientSide } from './client-side.ts';
import { BODY_TIMEOUT, GONE, HEAD_TIMEOUT, STALLED } from './downstream-errors.ts';
import { ASK_MS, HalfClosed } from './half-closed.ts';
import type { RequestSink } from './request-reader.ts';
import type { ServerContext } from './server-context.ts';
import { Talk } from './talk.ts';

/** How long an idle client of a stopping process may send one more request, which is answered with a close. */
const STOP_IDLE_MS = 1_000;

/** A client's connection: takes one request after the other, in order. */
export class ClientConnection
  extends ClientSide
  implements Client, Downstream, RequestSink, TransportOwner, Expiring, Deferred
{
  #exchange: Exchange | undefined = undefined;
  #keepAlive = true;
  #requests = 0;
  #isLingering = false;
  /** Nothing more comes of it. */
  #ended: HalfClosed | undefined = undefined;
  /** Another protocol has the transport: how it ends is its own affair. */
  isUpgraded = false;

  constructor(context: ServerContext, listener: Listener, transport: Transport) {
    super(context, listener, transport);
    transport.transfer(this);
    context.sweep.add(this);
    this.wait(context.settings.idleTimeout);
  }

  /** Since when nothing is asked and nothing is left to send, in the sweep's milliseconds; Infinity otherwise. */
  get idleSince(): number {
    const isIdle = this.isFree && this.talking?.reader.isEmpty !== false && this.transport.pending === 0;
    const { sweep, settings } = this.context;
    return isIdle ? sweep.madeAt(this.deadline, settings.idleTimeout) : Number.POSITIVE_INFINITY;
  }

  protected makeTalk(): Talk {
    return new Talk(this.context, this, this.transport, this);
  }

  // Downstream: what the exchange says to the client.

  respond(head: ResponseHead, fields: string): void {
    this.#keepAlive = this.talk.writer.respond(head, this.#canStay, fields);
    if (this.#exchange?.body.isComplete === false) this.#waitForClient();
  }

  flush(): Flow {
    const flow = this.talk.writer.flush();
    if (flow === 'full') this.#waitForClient();
    return flow;
  }

  reply(reply: Reply): void {
    // What was refused may be read in another way by others: nothing that follows it can be trusted.
    this.#keepAlive = this.#canStay && this.#exchange?.error?.code !== 'bad-request';
    this.talk.writer.reply(reply, this.#keepAlive);
    this.talk.writer.flush();
  }

  reset(): void {
    this.#keepAlive = false;
    this.transport.reset();
  }

  pauseBody(): void {
    this.transport.pause();
    this.#waitForClient();
  }

  resumeBody(): void {
    this.transport.resume();
    this.#waitForClient();
  }

  finished(): void {
    this.#exchange = undefined;
    const isLast = this.#ended !== undefined && this.talking?.reader.hasBytes !== true;
    if (isLast || !this.#keepAlive || this.context.clients.isStopping) this.#linger();
    else this.#readNext();
  }

  detach(): Buffer {
    this.isUpgraded = true;
    this.transport.pause();
    return this.talk.reader.takeRest();
  }

  /** The process is stopping: an idle connection ends soon, a busy one with its exchange. */
  stop(): void {
    if (this.#exchange === undefined && this.talking?.reader.isPartial !== true) this.wait(STOP_IDLE_MS);
  }

  /** Ends it at once, and what runs with that error. */
  cut(error: ProxyError): void {
    if (this.#exchange !== undefined) this.context.exchanges.clientFailed(this.#exchange, error);
    this.destroy();
  }

  expire(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    const exchange = this.#exchange;
    const isStalled = this.isBehind;
    if (this.#isLingering || (isStalled && exchange === undefined)) this.destroy();
    else if (exchange === undefined && this.talking?.reader.isPartial === true) this.refuse(HEAD_TIMEOUT);
    else if (exchange === undefined) this.#linger();
    else if (this.#ended === undefined || isStalled)
      this.context.exchanges.clientFailed(exchange, isStalled ? STALLED : BODY_TIMEOUT);
    else if (this.#ended.ask(this.transport, exchange)) this.#waitForClient();
    else this.context.exchanges.clientFailed(exchange, GONE);
  }

  // RequestSink: what is read of the client.

  /** A client that asks without taking the answers must take them first. */
  get isFree(): boolean {
    return this.#exchange === undefined && !this.#isLingering && !this.isBehind;
  }

  request(head: RequestHead): void {
    // What follows a request for another protocol may be of that, even if it is refused.
    const isLast = ++this.#requests === this.context.settings.maxRequestsPerConnection;
    if (this.#requests === 1 && !this.context.clients.admit(this)) return;
    this.#keepAlive = head.keepAlive && head.upgrade === '' && !isLast;
    this.talk.pace.begin();
    this.talk.writer.begin(head);
    this.#exchange = new Exchange(this, head, this.context.elapsed());
    this.#waitForClient();
    this.context.exchanges.open(this.#exchange);
  }

  body(buffer: Buffer, from: number, to: number): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.receive(buffer, from, to);
  }

  bodyEnded(trailers: string): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.receiveEnd(trailers);
  }

  bodyBroke(detail: string): void {
    if (this.#exchange === undefined) return;
    this.context.exchanges.clientFailed(this.#exchange, new ProxyError('bad-request', detail));
  }

  refuse(error: ProxyError): void {
    const id = crypto.randomUUID();
    this.context.exchanges.refused(error, this, id);
    this.#keepAlive = false;
    this.tellRefused(error, id);
    this.#linger();
  }

  // What the transport tells.

  onRead(chunk: Buffer): void {
    if (this.#isLingering) return this.http2?.read(chunk);
    const { reader } = this.talk;
    if (this.#mustWait(reader)) {
      // What has come is enough to wait with.
      if (reader.hasBytes) this.transport.pause();
      return reader.hold(chunk);
    }
    reader.read(chunk);
    this.#afterRead();
  }

  onDrain(): void {
    if (this.#exchange !== undefined) {
      this.#waitForClient();
      this.#exchange.clientDrained();
    } else if (!this.#isLingering && this.transport.isPaused) this.#readNext();
  }

  onEnd(): void {
    this.#ended = new HalfClosed();
    const isToBegin = this.#exchange === undefined && this.talking?.reader.hasBytes === true;
    if (!isToBegin || this.#isLingering) this.#hearOut();
  }

  /** Nothing more comes of the client: it is answered what it asked whole, and for all else it is gone. */
  #hearOut(): void {
    const exchange = this.#exchange;
    if (exchange !== undefined && HalfClosed.isHeardOut(exchange)) return this.#waitForClient();
    this.#abandon();
    this.transport.end();
  }

  onClose(): void {
    this.own?.close();
    this.context.sweep.delete(this);
    this.context.clients.delete(this);
    this.#abandon();
  }

  onBroken(error: unknown): void {
    this.#keepAlive = false;
    const exchange = this.#exchange;
    this.context.exchanges.broke(exchange, error);
    if (exchange === undefined) this.destroy();
  }

  /** The client is gone; so is its interest in an answer. */
  #abandon(): void {
    this.#keepAlive = false;
    if (this.#exchange !== undefined && !this.isUpgraded)
      this.context.exchanges.clientFailed(this.#exchange, GONE);
  }

  // What follows from them.

  /** Also what comes behind one that does (`hasBytes`). */
  #mustWait(reader: Talk['reader']): boolean {
    if (this.#exchange !== undefined || reader.isPartial) return false;
    return reader.hasBytes || this.context.intake.defers(this, this.#requests === 0);
  }

  begin(): void {
    if (this.transport.isEnded || this.transport.isClosed) return;
    this.#readNext();
    // It may have ended before.
    if (this.#ended && this.#exchange !== undefined && !this.isUpgraded) this.#hearOut();
  }

  /** The exchange is over: what came meanwhile is next. */
  #readNext(): void {
    this.wait(this.context.settings.idleTimeout);
    if (this.transport.isPaused) this.transport.resume();
    const { reader } = this.talk;
    if (!reader.hasBytes) return;
    if (this.isFree) reader.next();
    this.#afterRead();
    if (this.#ended && this.#exchange === undefined && !reader.hasBytes) this.#linger();
  }

  /** Sends on what was read, and reads no more than can be sent on or must be there next. */
  #afterRead(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      if (!this.isFree && !this.#isLingering) this.pauseBody();
    } else if (exchange.isUnsent) {
      this.#waitForClient();
      if (exchange.flush() === 'full' && !exchange.body.isComplete) this.pauseBody();
    } else if (this.talk.reader.hasBytes) this.transport.pause();
  }

  /** A request whose body is not here when its response begins takes the connection with it. */
  get #canStay(): boolean {
    return this.#keepAlive && this.#exchange?.body.isComplete !== false && !this.context.clients.isStopping;
  }

  #linger(): void {
    this.#isLingering = true;
    const rest = this.talking?.reader.takeRest();
    if (!this.transport.isClosed) this.sayEnd(rest);
  }

  /** It is the client's turn while it does not take what is written, or owes more of its request. */
  #waitForClient(): void {
    const exchange = this.#exchange;
    const { pace } = this.talk;
    const { sweep, settings } = this.context;
    const owes = exchange?.body.isComplete === false && !this.transport.isPaused;
    // One that is answered while it sends speaks when it has something to say.
    if (owes && !exchange.answered && !this.isBehind)
      return this.wait(pace.go(sweep.now, exchange.body.size));
    pace.stop(sweep.now);
    if (owes || this.isBehind) this.wait(settings.bodyTimeout);
    else if (this.#ended) this.wait(ASK_MS);
    else this.deadline = Number.POSITIVE_INFINITY;
  }
}
