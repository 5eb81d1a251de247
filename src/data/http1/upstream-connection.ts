import { internalErrors } from '../../telemetry/internal-errors.ts';
import { ProxyError } from '../errors.ts';
import { mayBeginResponse, type ResponseHead } from '../message/response-head.ts';
import type { Attempt, Upstream } from '../proxy/attempt.ts';
import type { Runtime } from '../runtime.ts';
import { safely } from '../safely.ts';
import { openTransport } from '../socket/open.ts';
import { ReadBuffer } from '../socket/read-buffer.ts';
import type { Flow, Transport, TransportOwner } from '../socket/transport.ts';
import type { Expiring } from '../sweep.ts';
import type { BackendState, PooledConnection } from '../upstream/backend-state.ts';
import { BodyReader } from './body-reader.ts';
import { type BodySink, chunkLine, lastChunk } from './chunked.ts';
import { closure, type Progress } from './failures.ts';
import { HeadReader } from './head-reader.ts';
import { idleTime } from './idle-time.ts';
import { Patience } from './patience.ts';
import { readResponseHeads } from './response-heads.ts';
import { SentRequest } from './sent-request.ts';

/** A connection to a backend that carries one exchange after the other. */
export class UpstreamConnection implements Upstream, PooledConnection, BodySink, TransportOwner, Expiring {
  deadline = Number.POSITIVE_INFINITY;
  /** In the sweep's milliseconds, when it last began to wait for a request. */
  idleAt = 0;
  readonly #runtime: Pick<Runtime, 'sweep' | 'settings'>;
  readonly backend: BackendState;
  /** Where it waits for the next request: among its backend's, or among those of one client. */
  pool: PooledConnection[];
  readonly #transport: Transport;
  readonly #reader = new HeadReader(mayBeginResponse);
  readonly #body = new BodyReader();
  readonly #readBuffer = new ReadBuffer();
  #lastRead = 0;
  #attempt: Attempt | undefined = undefined;
  readonly #patience = new Patience();
  #phase: Progress['phase'] = 'idle';
  #isConnected = false;
  #isReused = false;
  #isReported = false;
  #keepAlive = true;
  #idleMs = 0;
  #isRetired = false;
  #request = new SentRequest();

  constructor(runtime: Pick<Runtime, 'sweep' | 'settings'>, backend: BackendState) {
    this.#runtime = runtime;
    this.backend = backend;
    this.pool = backend.idle;
    this.#transport = openTransport(backend.backend.address, this);
    backend.open.add(this);
    backend.stats.connectionsOpened++;
    runtime.sweep.add(this);
  }

  /** Takes an attempt. The connection is new, or was idle. */
  assign(attempt: Attempt): void {
    const { timeouts, retry } = attempt.service.service;
    this.#attempt = attempt;
    this.#patience.begin(timeouts, retry.timeoutMs);
    this.#phase = 'head';
    this.#keepAlive = true;
    this.#isReported = false;
    if (!this.#isConnected) this.#wait(timeouts.connectMs);
  }

  send(head: string, isChunked: boolean): void {
    this.#request.begin(head.length, isChunked, this.#runtime.sweep.now);
    this.#transport.text(head);
  }

  write(buffer: Buffer, from: number, to: number): void {
    this.#request.size += to - from;
    if (this.#request.isChunked) this.#transport.text(chunkLine(to - from));
    this.#transport.bytes(buffer, from, to);
    if (this.#request.isChunked) this.#transport.text('\r\n');
  }

  end(trailers: string): void {
    if (this.#request.isChunked) this.#transport.text(lastChunk(trailers));
    this.#request.isDone = true;
  }

  flush(): Flow {
    this.#request.writes++;
    const flow = this.#transport.flush();
    this.#waitForBackend(flow === 'taken');
    this.#reportConnected();
    return flow;
  }

  resume(): void {
    if (this.#phase === 'body') this.#wait(this.#patience.bodyMs);
    else if (this.#transport.isPaused) this.#waitForBackend(true);
    this.#transport.resume();
  }

  abort(): void {
    this.#attempt = undefined;
    this.destroy();
  }

  retire(): void {
    this.#isRetired = true;
    if (this.#phase === 'idle') this.destroy();
  }

  destroy(): void {
    // At once, not when its close is reported: nobody may take it in the meantime.
    const at = this.#phase === 'idle' ? this.pool.indexOf(this) : -1;
    if (at !== -1) this.pool.splice(at, 1);
    this.#transport.destroy();
  }

  expire(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.#attempt === undefined) return this.destroy();
    const late = this.#patience.late(this.#progress);
    if (late !== undefined) this.fail(late);
  }

  /** Hands on bytes of the response's body. */
  body(buffer: Buffer, from: number, to: number): void {
    this.#attempt?.exchange.respondBody(buffer, from, to);
  }

  /** The limit is on what the backend has to do next; one that answers, and takes the rest of the request, does it. */
  #waitForBackend(isTaken: boolean): void {
    if (this.#phase === 'head' && this.#isConnected)
      this.#wait(this.#patience.headMs(this.#request.isDone, isTaken));
    if (this.#phase === 'body' && isTaken && this.deadline < Number.POSITIVE_INFINITY)
      this.#wait(this.#patience.bodyMs);
  }

  /** Sets the deadline; 0 is none. */
  #wait(ms: number): void {
    this.deadline = ms > 0 ? this.#runtime.sweep.deadlineIn(ms) : Number.POSITIVE_INFINITY;
  }

  onConnect(): void {
    this.#isConnected = true;
    this.#waitForBackend(false);
    this.#reportConnected();
  }

  /** Once for each exchange, and after its first bytes were written: what is not sent yet may be needed again. */
  #reportConnected(): void {
    if (!this.#isConnected || this.#isReported || this.#attempt === undefined) return;
    this.#isReported = true;
    this.#attempt.connected();
  }

  onDrain(): void {
    if (this.#attempt === undefined || this.#request.isDone) return;
    this.#waitForBackend(true);
    this.#attempt.exchange.downstream.resumeBody();
  }

  nextBuffer(): Buffer {
    return this.#readBuffer.next(this.#phase === 'body' ? this.#lastRead : 0);
  }

  onRead(buffer: Buffer, size: number): void {
    this.#lastRead = size;
    this.backend.silence.heard++;
    const attempt = this.#attempt;
    if (attempt !== undefined && this.#phase === 'head') this.#readHead(attempt, buffer, size);
    else if (attempt !== undefined && this.#phase === 'body') this.#readBody(attempt, buffer, 0, size);
    else this.backend.spokeUnasked(this.#runtime.sweep.now);
  }

  #readHead(attempt: Attempt, buffer: Buffer, size: number): void {
    const { settings } = this.#runtime;
    const found = readResponseHeads(this.#reader, buffer, size, attempt.exchange, settings);
    if (found === 'full') this.#stop();
    else if (found instanceof ProxyError) this.fail(found);
    else if (found !== 'partial') this.#begin(attempt, found);
  }

  #begin(attempt: Attempt, head: ResponseHead): void {
    this.#phase = 'body';
    this.#keepAlive = head.keepAlive;
    this.#body.begin(head.length, true);
    this.#readBuffer.begin();
    this.#idleMs = idleTime(head);
    if (!attempt.responded(head)) return;
    const { bytes, from, to } = this.#reader;
    this.#reader.reset();
    this.#readBody(attempt, bytes, from, to);
    if (this.#phase !== 'body' || !this.#patience.isForEvents(head, this.#transport)) return;
    if (this.deadline !== Number.POSITIVE_INFINITY) this.#wait(this.#patience.bodyMs);
  }

  #readBody(attempt: Attempt, buffer: Buffer, from: number, to: number): void {
    const end = this.#body.read(buffer, from, to, this);
    if (this.#body.error !== undefined) return this.fail(new ProxyError('bad-response', this.#body.error));
    if (this.#body.isComplete) return this.#complete(attempt, this.#body.trailers, to - end);
    this.#wait(this.#patience.bodyMs);
    this.#settle(attempt.exchange.sink.flush());
  }

  /** After a write to the client: its bytes may still lie where they were read, or be too many. */
  #settle(flow: Flow): void {
    if (flow === 'taken') return;
    this.#readBuffer.giveAway();
    if (flow === 'full' && this.#phase === 'body') this.#stop();
  }

  /** The client is slow: its own deadline runs. */
  #stop(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.#transport.pause();
  }

  #complete(attempt: Attempt, trailers: string, surplus: number): void {
    const { sink } = attempt.exchange;
    sink.end(trailers);
    this.#phase = 'idle';
    this.#settle(sink.flush());
    this.#attempt = undefined;
    const { now } = this.#runtime.sweep;
    if (surplus > 0) this.backend.spokeUnasked(now);
    // A request that was not taken whole would be read as part of the next exchange.
    const isWhole = this.#keepAlive && this.#request.isDone && this.#idleMs > 0;
    const isReusable = isWhole && !this.#isRetired && this.backend.trustedFrom <= now;
    if (!isReusable || this.#transport.pending > 0 || this.#transport.isClosed) this.destroy();
    else {
      this.#isReused = true;
      this.idleAt = now;
      this.deadline = this.pool === this.backend.idle ? now + this.#idleMs : Number.POSITIVE_INFINITY;
      this.pool.push(this);
    }
    attempt.completed();
  }

  get #progress(): Progress {
    return {
      phase: this.#phase,
      isConnected: this.#isConnected,
      requestDone: this.#request.isDone,
      pending: this.#transport.pending,
      isReused: this.#isReused,
      isUnanswered: this.#phase === 'head' && !this.#reader.isPartial,
    };
  }

  fail(error: ProxyError): void {
    const attempt = this.#attempt;
    this.abort();
    attempt?.failed(error);
  }

  onBroken(error: unknown): void {
    const attempt = this.#attempt;
    this.abort();
    if (attempt === undefined) internalErrors.report('request', error);
    else attempt.broken(error);
  }

  /** Nothing more comes: that is the end of a body without another, and too early for everything else. */
  onEnd(): void {
    if (this.#phase === 'idle') this.backend.endedIdle(performance.now());
    if (this.#attempt !== undefined && this.#phase === 'body' && this.#body.isUntilClose)
      this.#complete(this.#attempt, '', 0);
    else if (this.#mustProve) this.#request.prove(this.#transport, () => this.destroy());
    else this.destroy();
  }

  /** Its request can only be sent again if nobody has read it. */
  get #mustProve(): boolean {
    const { isUnanswered } = this.#progress;
    return isUnanswered && this.#attempt?.exchange.body.canReplay === false && this.#request.isOneSegment;
  }

  onClose(cause: NodeJS.ErrnoException | undefined): void {
    const progress = this.#progress;
    const mayBeUnread = cause?.code === 'ECONNRESET' && this.#mustProve;
    this.destroy();
    this.#phase = 'closed';
    this.#readBuffer.giveAway();
    this.#runtime.sweep.delete(this);
    this.backend.open.delete(this);
    const fail = () => this.fail(closure(progress, this.#request.isNeverRead, cause?.code));
    if (!mayBeUnread) return fail();
    this.#request.proveByStop(this.backend, this.#runtime.sweep.now, safely(this, fail));
  }
}
