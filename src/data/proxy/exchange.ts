import type { Socket } from 'node:net';
import type { Fallback } from '../../model/service.ts';
import type { ProxyError } from '../errors.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { RouteEntry } from '../routing/route-index.ts';
import type { Flow } from '../socket/outbox.ts';
import type { BackendState, PooledConnection } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { ForwardedFields } from './forwarded.ts';
import type { QueueTicket } from './queue-ticket.ts';
import type { Reply } from './reply.ts';
import { RequestBody } from './request-body.ts';

/** The client's side of an exchange. */
export interface Downstream {
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
  write(buffer: Buffer, from: number, to: number): void;
  end(trailers: string): void;
  /** Sends what was written. `full`: write no more until `exchange.clientDrained`. */
  flush(): Flow;
  /** Sends a whole response of our own. */
  reply(reply: Reply): void;
  /** Cuts the connection: the client must see that its response is not whole. */
  reset(): void;
  /** Stops and starts reading the request's body. */
  pauseBody(): void;
  resumeBody(): void;
  /** The client's connection, for another protocol to take over. */
  readonly socket: Socket;
  /** Connections to backends that are this client connection's alone, while they wait (`own.ts`). */
  own: PooledConnection[] | undefined;
  /** Another protocol begins: the socket is no longer read or written here. Answers what came behind the head. */
  detach(): Buffer;
  /** The exchange is over; the next may begin. */
  finished(): void;
  /** Ends the connection at once. */
  destroy(): void;
  /** Code of ours threw in between two exchanges. */
  onBroken(error: unknown): void;
}

/** The backend's side of one attempt. It reports by the methods of `Attempt`. */
export interface Upstream {
  send(head: string, isChunked: boolean): void;
  write(buffer: Buffer, from: number, to: number): void;
  /** The request is whole. */
  end(trailers: string): void;
  flush(): Flow;
  /** Gives up: nothing is reported after it. */
  abort(): void;
  /** The client drained: read on. */
  resume(): void;
}

/** What happens to a request is decided by whoever owns the exchanges. */
export interface ExchangeEvents {
  /** The attempt's request is on its way: a failed one may have reached the backend. */
  onConnected(exchange: Exchange): void;
  /** False when the response will not be used and the attempt is over. */
  onResponse(exchange: Exchange, head: ResponseHead, from: Upstream): boolean;
  onComplete(exchange: Exchange): void;
  onFailure(exchange: Exchange, error: ProxyError, from: Upstream): void;
}

/** The same for callbacks, which may break without harm to anybody else. */
export interface GuardedEvents extends ExchangeEvents {
  /** Code of ours threw. If that was for an exchange, it ends. */
  onBroken(exchange: Exchange | undefined, error: unknown): void;
}

/** One try on one backend. */
export interface Attempt {
  readonly backend: BackendState;
  /** `Clock.elapsed`; 0 where the service does not measure it. */
  readonly startedAt: number;
  readonly upstream: Upstream;
}

/** Bytes of interim responses to one request: a backend that sends more will never come to an end. */
const MAX_INTERIM = 1_048_576;

const NONE: readonly ServiceState[] = [];

/** One request and its response. Knows no protocol; lives from the head's arrival until `finish`. */
export class Exchange {
  readonly downstream: Downstream;
  readonly head: RequestHead;
  /** `Clock.elapsed` when the head was whole. */
  readonly startedAt: number;
  readonly body: RequestBody;
  /** Normalised, for routing. */
  path = '';
  entry: RouteEntry<ServiceState> | undefined = undefined;
  service: ServiceState | undefined = undefined;
  /** Of the attempt that runs or ran last. */
  backend: BackendState | undefined = undefined;
  upstream: Upstream | undefined = undefined;
  /** A second attempt, while the first one hangs. */
  hedge: Attempt | undefined = undefined;
  attempts = 0;
  /** `Clock.elapsed` when the attempt of `backend` began; only where the service measures it. */
  attemptedAt = 0;
  tried: BackendState[] | undefined = undefined;
  /** A stale connection was replaced once. */
  redialled = false;
  /** Services of which no backend answered, and what is still to be asked instead of them. */
  failed: readonly ServiceState[] = NONE;
  fallbacks: Fallback[] | undefined = undefined;
  /** For a backend of its service; it may have been over for long. */
  waiting: QueueTicket | undefined = undefined;
  /** Waits before backends that refused were asked again. */
  pauses = 0;
  /** Ends the one that it is in. */
  pause: (() => void) | undefined = undefined;
  /** Retries and hedges that its service's budget has paid for. */
  paid = 0;
  /** Limits the whole exchange. */
  limit: { cancel(): void } | undefined = undefined;
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
  #id = '';
  /** Bytes of interim responses. */
  #interim = 0;
  #client = '';

  constructor(downstream: Downstream, head: RequestHead, startedAt: number) {
    this.downstream = downstream;
    this.head = head;
    this.startedAt = startedAt;
    this.body = new RequestBody(head.length === 0);
  }

  /** The address of the client: the one place that tells it from a proxy's. Found when somebody asks. */
  get client(): string {
    if (this.#client === '') this.#client = this.downstream.forwarded.clientOf(this.head);
    return this.#client;
  }

  /** Hands on an interim response; undefined when there were too many. */
  inform(head: ResponseHead): Flow | undefined {
    this.#interim += head.end;
    return this.#interim > MAX_INTERIM ? undefined : this.downstream.inform(head);
  }

  /** The client's own X-Request-Id if it is a plain word, else a new one; made when somebody asks. */
  get id(): string {
    if (this.#id === '') {
      const sent = this.head.field('x-request-id');
      this.#id = sent !== undefined && /^[\w.:-]{1,64}$/.test(sent) ? sent : crypto.randomUUID();
    }
    return this.#id;
  }
}
