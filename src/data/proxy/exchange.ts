import { type Listener, type Scheme, schemeOf } from '../../model/listener.ts';
import type { Fallback } from '../../model/service.ts';
import type { ProxyError } from '../errors.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { RouteEntry } from '../routing/route-index.ts';
import type { Flow, Transport } from '../socket/transport.ts';
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
  /** Where the client connected. */
  readonly listener: Listener;
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
  /** The client's connection, for an upgrade to take over. */
  readonly transport: Transport;
  /** Connections to backends that are this client connection's alone. Closed with it. */
  own: OwnConnections | undefined;
  /**
   * Another protocol takes the transport over, which is paused: nothing is read or written here any more. Returns what came
   * behind the head. The new owner has to pass on the `onClose`.
   */
  detach(): Buffer;
  /** The transport is closed. */
  onClose(): void;
  /** The exchange is over; the next may begin. */
  exchangeEnded(): void;
  /** Ends the connection at once. */
  destroy(): void;
  /** Code of ours threw between two exchanges. */
  onBroken(error: unknown): void;
}

/** Most bytes of interim responses (1xx) to one request: a backend that sends more is not going to stop. */
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
  /** The filters of its route, if there are any. */
  filtering: Filtering | undefined = undefined;
  service: ServiceState | undefined = undefined;
  /** The attempt that runs, or the last one that did. */
  attempt: Attempt | undefined = undefined;
  /** A second attempt that runs beside it, because its backend seems to hang. */
  second: Attempt | undefined = undefined;
  /** Attempts so far on backends of the service. */
  attempts = 0;
  tried: BackendState[] | undefined = undefined;
  /** A stale connection was replaced by a new one; that is done once. */
  redialled = false;
  /** Services of which no backend answered, and the fallbacks that are still to be asked instead. */
  failed: readonly ServiceState[] = NONE;
  fallbacks: Fallback[] | undefined = undefined;
  /** Its last place in a queue; the exchange may have left that since. */
  ticket: QueueTicket | undefined = undefined;
  /** How often it has paused before asking backends again that refused. */
  pauses = 0;
  /** Ends the current pause. */
  endPause: (() => void) | undefined = undefined;
  /** The time limit of the whole exchange, if its service has one. */
  limit: { cancel(): void } | undefined = undefined;
  /** Where the body of the response is written: the downstream, or a filter in front of it. */
  sink: BodySink;
  /** The head of a final response has gone to the client. */
  answered = false;
  finished = false;
  /** The exchange ended before its response was complete. */
  isCut = false;
  status = 0;
  /** Bytes of the response's body that were passed on. */
  bytesOut = 0;
  /** Bytes that the client sent in another protocol. */
  bytesIn = 0;
  error: ProxyError | undefined = undefined;
  /** The downstream is still reading: it calls `flush` when it has handed over what came. */
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

  /** The address of the client, behind trusted proxies too. Determined when first asked for. */
  get client(): string {
    if (this.#client === '') this.#client = this.downstream.forwarded.clientOf(this.head);
    return this.#client;
  }

  /** The scheme by which the client asked: what a trusted proxy says of it, else that of the listener. */
  get scheme(): Scheme {
    const told = this.head.forwardedProto.toLowerCase();
    return told === 'http' || told === 'https' ? told : schemeOf(this.downstream.listener);
  }

  /** The client's own X-Request-Id if it is a plain word, else a new one; made when somebody asks. */
  get id(): string {
    if (this.#id === '') {
      const sent = this.head.field('x-request-id');
      this.#id = sent !== undefined && /^[\w.:-]{1,64}$/.test(sent) ? sent : crypto.randomUUID();
    }
    return this.#id;
  }

  /** The attempt that runs; undefined when none does. */
  get running(): Attempt | undefined {
    return this.attempt?.isOver === false ? this.attempt : undefined;
  }

  /** The backend of the attempt that runs, or ran last. */
  get backend(): BackendState | undefined {
    return this.attempt?.backend;
  }

  // The request's body, from the downstream.

  /** A part of it has come: the bytes from `from` to before `to`, which must not change any more. `flush` must follow. */
  receive(buffer: Buffer, from: number, to: number): void {
    this.#isArriving = true;
    this.body.receive(buffer, from, to);
    this.running?.write(buffer, from, to);
  }

  /** The body is complete. `flush` must follow. */
  receiveEnd(trailers: string): void {
    this.#isArriving = true;
    this.body.complete(this.head.trailers ? trailers : '');
    this.running?.requestEnded(this.body.trailers);
  }

  /** Parts of the request have come since the last flush. */
  get isUnsent(): boolean {
    return this.#isArriving;
  }

  /** Sends what has come of the request, in one write. After `full` the downstream reads no more until `resumeBody`. */
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

  /** Passes on an interim response; undefined when there were too many. */
  inform(head: ResponseHead): Flow | undefined {
    this.#interim += head.end;
    return this.#interim > MAX_INTERIM ? undefined : this.downstream.inform(head);
  }

  /** Passes on bytes of its body. */
  respondBody(buffer: Buffer, from: number, to: number): void {
    this.bytesOut += to - from;
    this.sink.write(buffer, from, to);
  }
}
