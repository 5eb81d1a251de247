import type { Socket } from 'node:net';
import type { Fallback } from '../../model/service.ts';
import type { ProxyError } from '../errors.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { RouteEntry } from '../routing/route-index.ts';
import type { Flow } from '../socket/outbox.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { OwnConnections } from '../upstream/own-connections.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Attempt } from './attempt.ts';
import type { RouteFilters } from './filters/filter.ts';
import type { Filtering } from './filters/filtering.ts';
import type { ForwardedFields } from './forwarded.ts';
import type { QueueTicket } from './queue-ticket.ts';
import type { Reply } from './reply.ts';
import { RequestBody } from './request-body.ts';

/** Takes the body of a response. */
export interface BodySink {
  write(buffer: Buffer, from: number, to: number): void;
  end(trailers: string): void;
  /** Sends what was written. `full`: write no more until `exchange.clientDrained`. */
  flush(): Flow;
}

/** The client's side of an exchange. */
export interface Downstream extends BodySink {
  /** The address at the other end of the connection, without port: of the client, or of a proxy before us. */
  readonly peer: string;
  /** Tells who the client is: us, and the backend. */
  readonly forwarded: ForwardedFields;
  /** Sends an interim response (1xx). Answers as `flush` does. */
  inform(head: ResponseHead): Flow;
  /**
   * Begins the response. What follows until `flush` leaves together.
   * @param fields header lines that we add, each with its CRLF
   */
  respond(head: ResponseHead, fields: string): void;
  /** Sends a whole response of our own. */
  reply(reply: Reply): void;
  /** Cuts the connection: the client must see that its response is not whole. */
  reset(): void;
  /** Stops and starts reading the request's body. */
  pauseBody(): void;
  resumeBody(): void;
  /** The client's connection, for another protocol to take over. */
  readonly socket: Socket;
  /** Connections to backends that are this client connection's alone. Closed with it. */
  own: OwnConnections | undefined;
  /** Another protocol begins: the socket is no longer read or written here. Answers what came behind the head. */
  detach(): Buffer;
  /** The exchange is over; the next may begin. */
  finished(): void;
  /** Ends the connection at once. */
  destroy(): void;
  /** Code of ours threw in between two exchanges. */
  onBroken(error: unknown): void;
}

/** Bytes of interim responses to one request: a backend that sends more will never come to an end. */
const MAX_INTERIM = 1_048_576;

const NONE: readonly ServiceState[] = [];

/** One request and its response. Knows no protocol; lives from the head's arrival until `finished`. */
export class Exchange {
  readonly downstream: Downstream;
  readonly head: RequestHead;
  /** `Clock.elapsed` when the head was whole. */
  readonly startedAt: number;
  readonly body: RequestBody;
  /** Normalised, for routing. */
  path = '';
  entry: RouteEntry<ServiceState, RouteFilters> | undefined = undefined;
  /** Only where its route has filters. */
  filtering: Filtering | undefined = undefined;
  service: ServiceState | undefined = undefined;
  /** The one that runs, or ran last. */
  attempt: Attempt | undefined = undefined;
  /** A second one beside it, while its backend hangs. */
  second: Attempt | undefined = undefined;
  /** How many there were on backends of the service. */
  attempts = 0;
  tried: BackendState[] | undefined = undefined;
  /** A stale connection was replaced once. */
  redialled = false;
  /** Services of which no backend answered, and what is still to be asked instead of them. */
  failed: readonly ServiceState[] = NONE;
  fallbacks: Fallback[] | undefined = undefined;
  /** Its place in the queue of its service; it may have been left for long. */
  ticket: QueueTicket | undefined = undefined;
  /** Waits before backends that refused were asked again. */
  pauses = 0;
  /** Ends the one that it is in. */
  endPause: (() => void) | undefined = undefined;
  /** Limits the whole exchange. */
  limit: { cancel(): void } | undefined = undefined;
  /** Where the body of the response goes: to the client, unless something stands before it. */
  sink: BodySink;
  /** The head of a final response has gone to the client. */
  answered = false;
  finished = false;
  /** It ended before its response did. */
  isCut = false;
  status = 0;
  /** Bytes of the response's body that were handed on. */
  bytesOut = 0;
  /** Bytes that the client sent in another protocol. */
  bytesIn = 0;
  error: ProxyError | undefined = undefined;
  /** Whoever reads the client is at it: what came is sent on when that is done, by `flush`. */
  #isArriving = true;
  #id = '';
  /** Bytes of interim responses. */
  #interim = 0;
  #client = '';

  constructor(downstream: Downstream, head: RequestHead, startedAt: number) {
    this.downstream = downstream;
    this.head = head;
    this.startedAt = startedAt;
    this.body = new RequestBody(head.length === 0);
    this.sink = downstream;
  }

  /** The address of the client: the one place that tells it from a proxy's. Found when somebody asks. */
  get client(): string {
    if (this.#client === '') this.#client = this.downstream.forwarded.clientOf(this.head);
    return this.#client;
  }

  /** The client's own X-Request-Id if it is a plain word, else a new one; made when somebody asks. */
  get id(): string {
    if (this.#id === '') {
      const sent = this.head.field('x-request-id');
      this.#id = sent !== undefined && /^[\w.:-]{1,64}$/.test(sent) ? sent : crypto.randomUUID();
    }
    return this.#id;
  }

  /** Undefined when none runs. */
  get running(): Attempt | undefined {
    return this.attempt?.isOver === false ? this.attempt : undefined;
  }

  /** The backend of the attempt that runs, or ran last. */
  get backend(): BackendState | undefined {
    return this.attempt?.backend;
  }

  // The request's body, from whoever reads it off the client.

  /** Some of it has come, from `from` to before `to`; the bytes must not change from now on. `flush` must follow. */
  receive(buffer: Buffer, from: number, to: number): void {
    this.#isArriving = true;
    this.body.receive(buffer, from, to);
    this.running?.write(buffer, from, to);
  }

  /** All of it has come. `flush` must follow. */
  receiveEnd(trailers: string): void {
    this.#isArriving = true;
    this.body.complete(this.head.trailers ? trailers : '');
    this.running?.requestEnded(this.body.trailers);
  }

  /** Something came since it was last flushed. */
  get isUnsent(): boolean {
    return this.#isArriving;
  }

  /** Sends on what came of the request, in one write. `full`: no more of it should be read until `resumeBody`. */
  flush(): Flow {
    this.#isArriving = false;
    return this.running?.upstream.flush() ?? 'taken';
  }

  /** The client takes more of the response again. */
  clientDrained(): void {
    this.running?.upstream.resume();
    this.second?.upstream.resume();
  }

  // The response, from the upstream of an attempt.

  /** Hands on an interim response; undefined when there were too many. */
  inform(head: ResponseHead): Flow | undefined {
    this.#interim += head.end;
    return this.#interim > MAX_INTERIM ? undefined : this.downstream.inform(head);
  }

  /** Hands on bytes of its body. */
  respondBody(buffer: Buffer, from: number, to: number): void {
    this.bytesOut += to - from;
    this.sink.write(buffer, from, to);
  }
}
