import type { Listener } from '../../model/listener.ts';
import type { ProxyError } from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { Downstream } from '../proxy/exchange.ts';
import type { ForwardedFields } from '../proxy/forwarded.ts';
import { errorReply } from '../proxy/reply.ts';
import type { Flow, Transport } from '../socket/transport.ts';
import { Http2Refusal } from './http2-refusal.ts';
import type { ServerContext } from './server-context.ts';
import type { Talk } from './talk.ts';

/** How long what a client still sends is read and thrown away, so that it can read our last answer. */
const LINGER_MS = 2_000;

/**
 * The part of a client's connection that only speaks: it writes what it is told, knows when that is too much, and how long it
 * waits.
 */
export abstract class ClientSide {
  deadline = Number.POSITIVE_INFINITY;
  readonly peer: string;
  readonly listener: Listener;
  readonly transport: Transport;
  own: Downstream['own'] = undefined;
  protected readonly context: ServerContext;
  /** Of a client that is still being told that HTTP/2 is not spoken here. */
  protected http2: Http2Refusal | undefined = undefined;
  protected talking: Talk | undefined = undefined;

  constructor(context: ServerContext, listener: Listener, transport: Transport) {
    this.context = context;
    this.listener = listener;
    this.transport = transport;
    this.peer = transport.peer;
  }

  protected abstract makeTalk(): Talk;

  protected get talk(): Talk {
    this.talking ??= this.makeTalk();
    return this.talking;
  }

  /** Nothing is asked for a while: lays down what it takes to talk, until something is. */
  rest(): void {
    this.talking = undefined;
    this.transport.rest();
  }

  /** It does not take what is written: nothing more should be, until it drains. */
  protected get isBehind(): boolean {
    return this.talking?.writer.isFull === true;
  }

  get forwarded(): ForwardedFields {
    return this.talk.forwarded;
  }

  inform(head: ResponseHead): Flow {
    this.talk.writer.inform(head);
    return this.flush();
  }

  abstract flush(): Flow;

  /** Tells a client that what it sent is no request, and why: the last that it is told. */
  protected tellRefused(error: ProxyError, requestId: string): void {
    this.http2 = Http2Refusal.of(error, this.transport);
    if (this.http2 !== undefined) return;
    const { writer } = this.talk;
    writer.begin();
    writer.reply(errorReply(error, '', requestId), false);
    writer.flush();
  }

  /** Says that nothing more comes, and reads on for a while: closing over unread bytes would reset the answer. */
  protected sayEnd(rest: Buffer | undefined): void {
    // For what is not sent yet the client has its time, as before; one that is still to be told something has to ask for it.
    const { bodyTimeout, headerTimeout } = this.context.settings;
    this.wait(this.http2 === undefined ? bodyTimeout : headerTimeout);
    this.transport.resume();
    if (this.http2 !== undefined) return this.http2.read(rest);
    this.transport.end(() => this.wait(LINGER_MS));
  }

  prolong(ms: number): void {
    this.deadline += ms;
  }

  headBegan(): void {
    this.wait(this.context.settings.headerTimeout);
  }

  protected wait(ms: number): void {
    this.deadline = this.context.sweep.deadlineIn(ms);
  }

  /** Ends the connection, at once. */
  destroy(): void {
    this.transport.destroy();
  }

  write(buffer: Buffer, from: number, to: number): void {
    this.talk.writer.write(buffer, from, to);
  }

  end(trailers: string): void {
    this.talk.writer.end(trailers);
  }
}
