import type { Socket } from 'node:net';
import type { Downstream } from '../proxy/exchange.ts';
import type { ForwardedFields } from '../proxy/headers.ts';
import type { Flow } from './outbox.ts';
import type { ResponseHead } from './response-head.ts';
import type { ServerContext } from './server-context.ts';
import { addressOf } from './socket-owner.ts';
import type { Talk } from './talk.ts';

/**
 * The part of a client's connection that only speaks: it writes what it is told, knows when that is too much, and how long it
 * waits.
 */
export abstract class ClientSide {
  deadline = Number.POSITIVE_INFINITY;
  readonly peer: string;
  readonly socket: Socket;
  own: Downstream['own'] = undefined;
  protected readonly context: ServerContext;
  protected talking: Talk | undefined = undefined;

  constructor(context: ServerContext, socket: Socket) {
    this.context = context;
    this.socket = socket;
    this.peer = addressOf(socket);
  }

  protected abstract makeTalk(): Talk;

  protected get talk(): Talk {
    this.talking ??= this.makeTalk();
    return this.talking;
  }

  /** Nothing is asked for a while: lays down what it takes to talk, until something is. */
  rest(): void {
    this.talking = undefined;
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

  protected wait(ms: number): void {
    this.deadline = this.context.sweep.deadlineIn(ms);
  }

  /** Ends the connection, at once. */
  destroy(): void {
    this.socket.destroy();
  }

  write(buffer: Buffer, from: number, to: number): void {
    this.talk.writer.write(buffer, from, to);
  }

  end(trailers: string): void {
    this.talk.writer.end(trailers);
  }
}
