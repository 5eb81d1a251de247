import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isExhaustion } from '../../model/exhaustion.ts';
import type { Timeouts } from '../../model/service.ts';
import { type ErrorCode, ProxyError } from '../errors.ts';
import type { UpstreamContext } from '../http1/upstream-context.ts';
import type { Exchange, GuardedEvents, Upstream } from '../proxy/exchange.ts';
import { safely } from '../safely.ts';
import { KEEP_ALIVE_MS } from '../socket/listen.ts';
import type { Flow } from '../socket/outbox.ts';
import { Tunnel } from '../socket/tunnel.ts';
import type { Expiring } from '../sweep.ts';
import type { BackendState, PooledConnection } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import {
  addCookie,
  headOf,
  sendUpgrade,
  showDestroySoon,
  type UpgradeEvents,
  whyNotSwitch,
} from './upgrade-request.ts';

/**
 * One try to give a client a connection of another protocol (RFC 9110, section 7.8), WebSocket above all. The
 * work is http-proxy's: it sends the request, joins the two sockets once the backend has answered 101, and closes
 * one with the other.
 * Until then the client's connection speaks HTTP: nothing of it is passed on, the try may be followed by another,
 * and any other response is handed to it as usual.
 */
export class UpgradeUpstream implements Upstream, PooledConnection, Expiring, UpgradeEvents {
  deadline = Number.POSITIVE_INFINITY;
  /** How long an upgrade may take nobody can tell from outside. */
  readonly awaiting = undefined;
  readonly since = 0;
  readonly #exchange: Exchange;
  readonly #events: GuardedEvents;
  readonly #backend: BackendState;
  readonly #context: UpstreamContext;
  readonly #timeouts: Timeouts;
  readonly #client: Socket;
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined = undefined;
  /** The two sides, once they are joined. */
  #tunnel: Tunnel | undefined = undefined;
  #isConnected = false;
  #isRequestDone = false;
  #isOver = false;

  constructor(exchange: Exchange, backend: BackendState, events: GuardedEvents, context: UpstreamContext) {
    this.#exchange = exchange;
    this.#backend = backend;
    this.#events = events;
    this.#context = context;
    this.#timeouts = (exchange.service as ServiceState).service.timeouts;
    this.#client = exchange.downstream.socket;
    backend.open.add(this);
    backend.stats.connectionsOpened++;
    context.sweep.add(this);
    this.#wait(this.#timeouts.connectMs);
    this.#request = sendUpgrade(exchange, backend, context.settings.maxHeaderSize, this);
  }

  /** The request's head left with the constructor. */
  send(): void {}

  write(buffer: Buffer, from: number, to: number): void {
    this.#request.write(buffer.subarray(from, to));
  }

  /** Trailers do not travel with it. */
  end(): void {
    this.#isRequestDone = true;
    this.#request.end();
    this.#waitForBackend();
  }

  flush(): Flow {
    this.#waitForBackend();
    return this.#request.writableNeedDrain === true ? 'full' : 'held';
  }

  resume(): void {
    if (this.#response === undefined) return;
    this.#wait(this.#timeouts.idleMs);
    this.#response.resume();
  }

  /** It serves one exchange only. */
  retire(): void {}

  abort(): void {
    this.#leave();
    this.#count();
    this.#release();
    this.#request.destroy();
    this.#tunnel?.destroy();
  }

  destroy(): void {
    if (this.#tunnel === undefined) this.#fail('reset', 'the connection was closed');
    else this.#tunnel.destroy();
  }

  fail(error: ProxyError): void {
    if (this.#tunnel === undefined) this.#end(error);
    else this.#cut(this.#tunnel, error);
  }

  /** Ends both sides in order: there is no response of which a part could be taken for the whole. */
  #cut(tunnel: Tunnel, error: ProxyError): void {
    this.#exchange.error = error;
    this.#exchange.isCut = true;
    tunnel.destroy();
  }

  /** What was passed on so far. */
  #count(): void {
    if (this.#tunnel === undefined) return;
    this.#exchange.bytesOut = this.#tunnel.toClient;
    this.#exchange.bytesIn = this.#tunnel.toBackend;
  }

  expire(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    if (!this.#isConnected) this.#fail('connect-timeout', 'no connection in time (fairlead.timeout.connect)');
    else if (this.#response === undefined)
      this.#fail('response-timeout', 'no response to the upgrade in time (fairlead.timeout.response)');
    else
      this.#fail(
        'body-stalled',
        `the response stalled for ${this.#timeouts.idleMs} ms (fairlead.timeout.idle)`,
      );
  }

  onBroken(error: unknown): void {
    this.abort();
    this.#events.onBroken(this.#exchange, error);
  }

  onConnect(): void {
    this.#isConnected = true;
    this.#events.onConnected(this.#exchange);
    this.#waitForBackend();
  }

  onDrain(): void {
    this.#exchange.downstream.resumeBody();
  }

  /** Before the response: the limit is on what the backend, and not the client, has to do next. */
  #waitForBackend(): void {
    if (!this.#isConnected || this.#response !== undefined) return;
    const { retry } = (this.#exchange.service as ServiceState).service;
    if (this.#isRequestDone) this.#wait(retry.timeoutMs || this.#timeouts.responseMs);
    else this.#wait(this.#request.writableNeedDrain === true ? this.#timeouts.idleMs : 0);
  }

  /** A 101: from now on what comes is passed on, until both have closed. */
  onSwitch(response: IncomingMessage, backend: Socket): boolean {
    const exchange = this.#exchange;
    const wrong = this.#isRequestDone
      ? whyNotSwitch(response, exchange.head, this.#context.settings.rules)
      : '101 before the end of the request';
    if (wrong !== '') this.#fail('bad-response', wrong);
    if (this.#isOver) return false;
    this.#join(backend);
    addCookie(response, (exchange.service as ServiceState).stickyFields(exchange, this.#backend));
    return true;
  }

  onJoined(): void {
    this.#tunnel?.join();
  }

  #join(backend: Socket): void {
    const exchange = this.#exchange;
    const { sweep } = this.#context;
    sweep.delete(this);
    exchange.answered = true;
    exchange.status = 101;
    showDestroySoon(this.#client);
    // No deadline ends a silent tunnel: whether its ends still exist only the kernel finds out.
    backend.setKeepAlive(true, KEEP_ALIVE_MS);
    const rest = exchange.downstream.detach();
    if (rest.length > 0) this.#client.unshift(rest);
    const { idleMs } = this.#timeouts;
    const tunnel = new Tunnel(this.#client, backend, sweep, idleMs, {
      onSilent: () => this.#cut(tunnel, silentHalf(idleMs)),
      onClientClosed: () => {
        this.#count();
        this.#events.onComplete(exchange);
      },
      onClosed: () => this.#leave(),
    });
    this.#tunnel = tunnel;
  }

  /** The backend will not: its response is one like any other. */
  onRefusal(response: IncomingMessage): void {
    if (this.#isOver) return;
    const exchange = this.#exchange;
    const { downstream } = exchange;
    const head = headOf(response, exchange.head.method, this.#context.settings.rules);
    if (typeof head === 'string') return this.#fail('bad-response', head);
    if (head.status === 101) return this.#fail('bad-response', '101 without an Upgrade');
    this.#response = response;
    this.#release();
    if (!this.#events.onResponse(exchange, head, this)) return;
    this.#wait(this.#timeouts.idleMs);
    const onData = (chunk: Buffer) => {
      exchange.bytesOut += chunk.length;
      this.#wait(this.#timeouts.idleMs);
      downstream.write(chunk, 0, chunk.length);
      if (downstream.flush() !== 'full') return;
      this.deadline = Number.POSITIVE_INFINITY;
      response.pause();
    };
    const onEnd = () => {
      if (this.#isOver) return;
      this.abort();
      downstream.end('');
      downstream.flush();
      this.#events.onComplete(exchange);
    };
    response.on('data', safely(this, onData)).on('end', safely(this, onEnd));
    response.on('error', () => this.#fail('reset', 'closed by the backend within the response'));
  }

  onError(error: NodeJS.ErrnoException): void {
    // A joined connection that breaks is closed by http-proxy; its close is all we need.
    if (this.#tunnel !== undefined) return;
    const isTimeout = error.code === 'ETIMEDOUT' && error.syscall === 'connect';
    if (!this.#isConnected && isExhaustion(error.code)) this.#fail('exhausted', error.code ?? '');
    else if (isTimeout) this.#fail('connect-timeout', 'no connection in time (fairlead.timeout.connect)');
    else if (error.syscall === 'connect') this.#fail('connect-failed', error.code ?? error.message);
    else this.#fail('reset', `${error.code ?? error.message} before a response`);
  }

  #fail(code: ErrorCode, detail: string): void {
    this.#end(new ProxyError(code, detail));
  }

  #end(error: ProxyError): void {
    if (this.#isOver) return;
    this.abort();
    this.#events.onFailure(this.#exchange, error, this);
  }

  /** Whatever becomes of the request, the client's connection is no longer http-proxy's to end. */
  #release(): void {
    this.#request.removeAllListeners('error').on('error', () => {});
    showDestroySoon(this.#client);
  }

  #leave(): void {
    this.#isOver = true;
    this.#context.sweep.delete(this);
    this.#backend.open.delete(this);
  }

  /** Sets the deadline; 0 is none. */
  #wait(ms: number): void {
    this.deadline = ms > 0 ? this.#context.sweep.deadlineIn(ms) : Number.POSITIVE_INFINITY;
  }
}

function silentHalf(idleMs: number): ProxyError {
  return new ProxyError(
    'body-stalled',
    `one side had ended, and the other was silent for ${idleMs} ms (fairlead.timeout.idle)`,
  );
}
