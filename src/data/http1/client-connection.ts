import type { Listener } from '../../model/listener.ts';
import { ProxyError } from '../errors.ts';
import type { Deferred } from '../listener/intake.ts';
import type { Downstream } from '../proxy/exchange.ts';
import type { Transport, TransportOwner } from '../socket/transport.ts';
import type { Expiring } from '../sweep.ts';
import { Dialogue, type DialogueHost, type Phase } from './dialogue.ts';
import { HalfClosed } from './half-closed.ts';
import { Http2Refusal } from './http2-refusal.ts';
import type { ServerContext } from './server-context.ts';

/** How long an idle client of a stopping process may send one more request, which is answered with a close. */
const STOP_IDLE_MS = 1_000;
/** How long we read and discard what a client still sends, so that the client can read our last answer. */
const LINGER_MS = 2_000;

const GONE = new ProxyError('client-gone', 'the client closed the connection');
const HEAD_TIMEOUT = new ProxyError(
  'head-timeout',
  'the request head did not arrive in time (option header-timeout)',
);
const BODY_TIMEOUT = new ProxyError(
  'body-timeout',
  'the request body did not arrive in time (options body-timeout, min-body-rate)',
);
const STALLED = new ProxyError(
  'client-stalled',
  'the client stopped taking the response (option body-timeout)',
);

/** A client's connection: decides when it is read, how long the client may take, and how it ends. */
export class ClientConnection implements DialogueHost, TransportOwner, Expiring, Deferred {
  deadline = Number.POSITIVE_INFINITY;
  readonly context: ServerContext;
  readonly listener: Listener;
  readonly transport: Transport;
  readonly peer: string;
  own: Downstream['own'] = undefined;
  requests = 0;
  phase: Phase = 'serving';
  halfClosed: HalfClosed | undefined = undefined;
  #dialogue: Dialogue | undefined = undefined;
  /** Set while a client is told that HTTP/2 is not spoken here. */
  #http2: Http2Refusal | undefined = undefined;

  constructor(context: ServerContext, listener: Listener, transport: Transport) {
    this.context = context;
    this.listener = listener;
    this.transport = transport;
    this.peer = transport.peer;
    transport.transfer(this);
    context.sweep.add(this);
    this.wait(context.settings.idleTimeout);
  }

  // Client: what admission asks and orders.

  get idleSince(): number {
    const dialogue = this.#dialogue;
    const isFree =
      dialogue === undefined ? this.phase !== 'lingering' : dialogue.isFree && dialogue.reader.isEmpty;
    if (!isFree || this.transport.pending > 0) return Number.POSITIVE_INFINITY;
    return this.context.sweep.madeAt(this.deadline, this.context.settings.idleTimeout);
  }

  get isUpgraded(): boolean {
    return this.phase === 'upgraded';
  }

  rest(): void {
    this.#dialogue = undefined;
    this.transport.rest();
  }

  prolong(ms: number): void {
    this.deadline += ms;
  }

  refuse(error: ProxyError): void {
    const id = crypto.randomUUID();
    this.context.exchanges.refused(error, this, id);
    this.#http2 = Http2Refusal.of(error, this.transport);
    if (this.#http2 === undefined) this.#talk.refused(error, id);
    this.#linger();
  }

  reset(): void {
    this.transport.reset();
  }

  destroy(): void {
    this.transport.destroy();
  }

  stop(): void {
    const { exchange, reader } = this.#dialogue ?? {};
    if (exchange === undefined && reader?.isPartial !== true) this.wait(STOP_IDLE_MS);
  }

  cut(error: ProxyError): void {
    this.#dialogue?.fail(error);
    this.destroy();
  }

  // TransportOwner: what the transport tells.

  onRead(chunk: Buffer): void {
    if (this.phase === 'lingering') return this.#http2?.read(chunk);
    const dialogue = this.#talk;
    const { exchange, reader } = dialogue;
    const isNew = exchange === undefined && !reader.isPartial;
    // A request may have to wait for its turn, and the bytes behind it wait with it.
    if (isNew && (reader.hasBytes || this.context.intake.defers(this, this.requests === 0))) {
      // The bytes that are held are enough for now.
      if (reader.hasBytes) this.transport.pause();
      return reader.hold(chunk);
    }
    reader.read(chunk);
    dialogue.afterRead();
  }

  onDrain(): void {
    const { exchange } = this.#dialogue ?? {};
    if (exchange !== undefined) {
      this.#talk.waitForClient();
      exchange.clientDrained();
    } else if (this.phase !== 'lingering' && this.transport.isPaused) this.#readNext();
  }

  onEnd(): void {
    this.halfClosed = new HalfClosed();
    const { exchange, reader } = this.#dialogue ?? {};
    const isToBegin = exchange === undefined && reader?.hasBytes === true;
    if (!isToBegin || this.phase === 'lingering') this.#hearOut();
  }

  onClose(): void {
    this.own?.close();
    this.context.sweep.delete(this);
    this.context.clients.delete(this);
    this.#abandon();
  }

  onBroken(error: unknown): void {
    const { exchange } = this.#dialogue ?? {};
    this.#dialogue?.close();
    this.context.exchanges.broke(exchange, error);
    if (exchange === undefined) this.destroy();
  }

  /** Deferred: the turn of the request that is held has come. */
  begin(): void {
    if (this.transport.isEnded || this.transport.isClosed) return;
    this.#readNext();
  }

  /** Expiring: the client did not do in time what it had to do next. */
  expire(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    const { exchange, reader, isBehind = false } = this.#dialogue ?? {};
    if (exchange === undefined) {
      if (this.phase === 'lingering' || isBehind) this.destroy();
      else if (reader?.isPartial === true) this.refuse(HEAD_TIMEOUT);
      else this.#linger();
    } else if (isBehind) this.#dialogue?.fail(STALLED);
    else if (this.halfClosed === undefined) this.#dialogue?.fail(BODY_TIMEOUT);
    else if (this.halfClosed.ask(this.transport, exchange)) this.#talk.waitForClient();
    else this.#dialogue?.fail(GONE);
  }

  // DialogueHost: what the dialogue needs.

  wait(ms: number): void {
    this.deadline = this.context.sweep.deadlineIn(ms);
  }

  exchangeEnded(stays: boolean): void {
    const isLast = this.halfClosed !== undefined && !this.#talk.reader.hasBytes;
    if (isLast || !stays || this.context.clients.isStopping) this.#linger();
    else this.#readNext();
  }

  // Reading on, and ending.

  get #talk(): Dialogue {
    this.#dialogue ??= new Dialogue(this);
    return this.#dialogue;
  }

  /** Reads the next request, beginning with the bytes that are held. */
  #readNext(): void {
    this.wait(this.context.settings.idleTimeout);
    if (this.transport.isPaused) this.transport.resume();
    const dialogue = this.#talk;
    const { reader } = dialogue;
    if (!reader.hasBytes) return;
    if (dialogue.isFree) reader.next();
    dialogue.afterRead();
    // The client may have ended before this was its turn.
    if (this.halfClosed === undefined || this.phase !== 'serving') return;
    if (dialogue.exchange !== undefined) this.#hearOut();
    else if (!reader.hasBytes) this.#linger();
  }

  /** The client has ended its side: only a complete request that is running is still answered. */
  #hearOut(): void {
    const { exchange } = this.#dialogue ?? {};
    if (exchange !== undefined && HalfClosed.isHeardOut(exchange)) return this.#talk.waitForClient();
    this.#abandon();
    this.transport.end();
  }

  /** The client is gone: ends its exchange, unless another protocol has the connection. */
  #abandon(): void {
    this.#dialogue?.close();
    if (!this.isUpgraded) this.#dialogue?.fail(GONE);
  }

  /** Ends our side and reads on: to close over unread bytes would reset the connection, and the answer be lost. */
  #linger(): void {
    this.phase = 'lingering';
    const rest = this.#dialogue?.reader.takeRest();
    if (this.transport.isClosed) return;
    // The client may take its usual time for what is not sent yet, or to send by HTTP/2 the request to refuse.
    const { bodyTimeout, headerTimeout } = this.context.settings;
    this.wait(this.#http2 === undefined ? bodyTimeout : headerTimeout);
    this.transport.resume();
    if (this.#http2 !== undefined) return this.#http2.read(rest);
    this.transport.end(() => this.wait(LINGER_MS));
  }
}
