import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { ProxyError } from '../errors.ts';
import type { Attempt, Upstream } from '../proxy/attempt.ts';
import type { Runtime } from '../runtime.ts';
import { safely } from '../safely.ts';
import { openTransport } from '../socket/open.ts';
import type { Flow, Transport, TransportOwner } from '../socket/transport.ts';
import type { BackendState, PooledConnection } from '../upstream/backend-state.ts';
import { closure, type Phase } from './failures.ts';
import { Patience } from './patience.ts';
import { RequestWriter } from './request-writer.ts';
import { type Carrier, ResponseRelay } from './response-relay.ts';
import { findOutByWaiting, findOutByWriting } from './unread.ts';

/** A connection to a backend that carries one exchange after the other. */
export class UpstreamConnection implements Upstream, PooledConnection, Carrier, TransportOwner {
  /** When the connection last became idle, in the sweep's milliseconds. */
  idleAt = 0;
  readonly backend: BackendState;
  /** The list that holds the connection while it is idle: its backend's, or that of one client. */
  pool: PooledConnection[];
  readonly patience: Patience;
  readonly #runtime: Pick<Runtime, 'sweep' | 'settings'>;
  readonly #transport: Transport;
  readonly #writer: RequestWriter;
  readonly #relay: ResponseRelay;
  #phase: 'connecting' | 'busy' | 'idle' | 'closed' = 'connecting';
  #isReused = false;
  #isRetired = false;
  /** The backend had closed before the request came: it has not read a byte of it. */
  #isNeverRead = false;

  constructor(runtime: Pick<Runtime, 'sweep' | 'settings'>, backend: BackendState) {
    this.#runtime = runtime;
    this.backend = backend;
    this.pool = backend.idle;
    this.patience = new Patience(runtime.sweep, this);
    this.#relay = new ResponseRelay(this, this.patience, runtime);
    this.#transport = openTransport(backend.backend.address, this);
    this.#writer = new RequestWriter(this.#transport);
    backend.open.add(this);
    backend.stats.connectionsOpened++;
  }

  /** Takes an attempt, and begins its request as `RequestWriter.begin` does. The connection is new, or was idle. */
  assign(attempt: Attempt, target: string, fields: string): void {
    const { exchange, service } = attempt;
    const { timeouts, retry } = service.service;
    this.#relay.begin(attempt);
    this.patience.begin(timeouts, retry.timeoutMs);
    if (this.#phase === 'idle') this.#phase = 'busy';
    else this.patience.forConnection();
    this.#writer.begin(exchange.head, target, fields, this.#runtime.sweep.now);
  }

  write(buffer: Buffer, from: number, to: number): void {
    this.#writer.write(buffer, from, to);
  }

  end(trailers: string): void {
    this.#writer.end(trailers);
  }

  flush(): Flow {
    const flow = this.#writer.flush();
    this.#awaitAnswer(flow === 'taken');
    // Only now: until the first bytes are sent, the request may be needed for another attempt.
    if (this.#writer.writes === 1 && this.#phase !== 'connecting') this.#relay.attempt?.connected();
    return flow;
  }

  resume(): void {
    if (this.#relay.isInBody) this.patience.forBody();
    else if (this.#transport.isPaused) this.#awaitAnswer(true);
    this.#transport.resume();
  }

  get #progress(): Phase {
    if (this.#phase !== 'busy') return this.#phase;
    return this.#relay.isInBody ? 'body' : 'head';
  }

  #awaitAnswer(isTaken: boolean): void {
    this.patience.forAnswer(this.#progress, this.#writer.isDone, isTaken);
  }

  abort(): void {
    this.#relay.attempt = undefined;
    this.destroy();
  }

  fail(error: ProxyError): void {
    const attempt = this.#relay.attempt;
    this.abort();
    attempt?.failed(error);
  }

  retire(): void {
    this.#isRetired = true;
    if (this.#phase === 'idle') this.destroy();
  }

  destroy(): void {
    // Leaves the pool at once, not when its close is reported: nobody may take it in the meantime.
    const at = this.#phase === 'idle' ? this.pool.indexOf(this) : -1;
    if (at !== -1) this.pool.splice(at, 1);
    this.#transport.destroy();
  }

  expire(): void {
    if (this.#relay.attempt === undefined) return this.destroy();
    const late = this.patience.late(this.#progress, this.#writer.isDone, this.#transport.pending);
    if (late !== undefined) this.fail(late);
  }

  // The transport's events.

  onConnect(): void {
    this.#phase = 'busy';
    this.#awaitAnswer(false);
    if (this.#writer.writes > 0) this.#relay.attempt?.connected();
  }

  onDrain(): void {
    const { attempt } = this.#relay;
    if (attempt === undefined || this.#writer.isDone) return;
    this.#awaitAnswer(true);
    attempt.exchange.downstream.resumeBody();
  }

  nextBuffer(): Buffer {
    return this.#relay.nextBuffer();
  }

  onRead(buffer: Buffer, size: number): void {
    this.backend.silence.heard++;
    if (this.#relay.attempt === undefined) this.backend.spokeUnasked(this.#runtime.sweep.now);
    else this.#relay.read(buffer, size);
  }

  // Carrier: what the relay needs.

  pause(): void {
    this.#transport.pause();
  }

  keepAlive(): void {
    this.#transport.keepAlive();
  }

  /** Becomes idle; closes instead where the next bytes might not be the response to the next request. */
  release(surplus: number): void {
    const { now } = this.#runtime.sweep;
    if (surplus > 0) this.backend.spokeUnasked(now);
    const { idleMs } = this.#relay;
    // The backend would take the next request for the rest of one that was not sent whole.
    const isWhole = this.#writer.isDone && this.#transport.pending === 0;
    const isTrusted = !this.#isRetired && this.backend.trustedFrom <= now;
    if (!isWhole || !isTrusted || idleMs === 0 || this.#transport.isClosed) return this.destroy();
    this.#phase = 'idle';
    this.#isReused = true;
    this.idleAt = now;
    this.patience.untilIdle(this.pool === this.backend.idle ? idleMs : Number.POSITIVE_INFINITY);
    this.pool.push(this);
  }

  // The connection's end.

  onBroken(error: unknown): void {
    const attempt = this.#relay.attempt;
    this.abort();
    if (attempt === undefined) internalErrors.report('request', error);
    else attempt.broken(error);
  }

  /** The backend has ended its side: that ends a body of unknown length, and is too early for everything else. */
  onEnd(): void {
    if (this.#phase === 'idle') this.backend.endedIdle(performance.now());
    if (this.#relay.end()) return;
    if (!this.#mustFindOut) return this.destroy();
    findOutByWriting(this.#transport, (isNeverRead) => {
      this.#isNeverRead = isNeverRead;
      this.destroy();
    });
  }

  get #isUnanswered(): boolean {
    return this.#progress === 'head' && !this.#relay.isPartial;
  }

  /** Whether it matters if nobody has read the request: where it can be sent again only then. */
  get #mustFindOut(): boolean {
    const body = this.#relay.attempt?.exchange.body;
    return this.#isUnanswered && body?.canReplay === false && this.#writer.isOneSegment;
  }

  onClose(cause: NodeJS.ErrnoException | undefined): void {
    const closing = { phase: this.#progress, isReused: this.#isReused, isUnanswered: this.#isUnanswered };
    const mayBeUnread = cause?.code === 'ECONNRESET' && this.#mustFindOut;
    this.destroy();
    this.#phase = 'closed';
    this.#relay.close();
    this.patience.end();
    this.backend.open.delete(this);
    const fail = (isNeverRead: boolean) => this.fail(closure(closing, isNeverRead, cause?.code));
    if (!mayBeUnread) return fail(this.#isNeverRead);
    // Whatever it was, requests that must not be sent twice are better off on new connections for a while.
    this.backend.foundStale(this.#runtime.sweep.now);
    findOutByWaiting(this.backend, this.#runtime.sweep.now - this.#writer.begunAt, safely(this, fail));
  }
}
