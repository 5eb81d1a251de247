import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isExhaustion } from '../../model/exhaustion.ts';
import type { Timeouts } from '../../model/service.ts';
import { type ErrorCode, ProxyError } from '../errors.ts';
import type { Attempt, Upstream } from '../proxy/attempt.ts';
import type { Runtime } from '../runtime.ts';
import { safely } from '../safely.ts';
import { KEEP_ALIVE_MS } from '../socket/listen.ts';
import type { Flow } from '../socket/outbox.ts';
import { Tunnel } from '../socket/tunnel.ts';
import type { Expiring } from '../sweep.ts';
import type { BackendState, PooledConnection } from '../upstream/backend-state.ts';
import {
  editSwitch,
  headOf,
  sendUpgrade,
  showDestroySoon,
  type UpgradeEvents,
  whyNotSwitch,
} from './upgrade-request.ts';

const TOO_EARLY = new ProxyError('bad-response', '101 before the end of the request');
const SWITCHED = new ProxyError('bad-response', '101 without an Upgrade');

/**
 * One try to give a client a connection of another protocol (RFC 9110, section 7.8), WebSocket above all. The
 * work is http-proxy's: it sends the request, joins the two sockets once the backend has answered 101, and closes
 * one with the other.
 * Until then the client's connection speaks HTTP: nothing of it is passed on, the try may be followed by another,
 * and any other response is handed to it as usual.
 */
export class UpgradeUpstream implements Upstream, PooledConnection, Expiring, UpgradeEvents {
  deadline = Number.POSITIVE_INFINITY;
  readonly #attempt: Attempt;
  readonly backend: BackendState;
  pool: PooledConnection[];
  readonly #runtime: Runtime;
  readonly #timeouts: Timeouts;
  readonly #client: Socket;
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined = undefined;
  /** The two sides, once they are joined. */
  #tunnel: Tunnel | undefined = undefined;
  #isConnected = false;
  #isRequestDone = false;
  #isOver = false;

  /** Sends the request, as far as it has come. */
  static start(attempt: Attempt, backend: BackendState, runtime: Runtime): UpgradeUpstream {
    const upgrade = new UpgradeUpstream(attempt, backend, runtime);
    attempt.exchange.body.replay(upgrade);
    return upgrade;
  }

  private constructor(attempt: Attempt, backend: BackendState, runtime: Runtime) {
    const { exchange, service } = attempt;
    this.#attempt = attempt;
    this.backend = backend;
    this.pool = backend.idle;
    this.#runtime = runtime;
    this.#timeouts = service.service.timeouts;
    this.#client = exchange.downstream.socket;
    backend.open.add(this);
    backend.stats.connectionsOpened++;
    runtime.sweep.add(this);
    this.#wait(this.#timeouts.connectMs);
    this.#request = sendUpgrade(exchange, backend, runtime.settings.maxHeaderSize, this);
  }

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
    const { exchange } = this.#attempt;
    exchange.error = error;
    exchange.isCut = true;
    tunnel.destroy();
  }

  /** What was passed on so far. */
  #count(): void {
    if (this.#tunnel === undefined) return;
    const { exchange } = this.#attempt;
    exchange.bytesOut = this.#tunnel.toClient;
    exchange.bytesIn = this.#tunnel.toBackend;
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
    this.#attempt.broken(error);
  }

  onConnect(): void {
    this.#isConnected = true;
    this.#attempt.connected();
    this.#waitForBackend();
  }

  onDrain(): void {
    this.#attempt.exchange.downstream.resumeBody();
  }

  /** Before the response: the limit is on what the backend, and not the client, has to do next. */
  #waitForBackend(): void {
    if (!this.#isConnected || this.#response !== undefined) return;
    const { retry } = this.#attempt.service.service;
    if (this.#isRequestDone) this.#wait(retry.timeoutMs || this.#timeouts.responseMs);
    else this.#wait(this.#request.writableNeedDrain === true ? this.#timeouts.idleMs : 0);
  }

  /** A 101: from now on what comes is passed on, until both have closed. */
  onSwitch(response: IncomingMessage, backend: Socket): boolean {
    const { exchange, service } = this.#attempt;
    const wrong = this.#isRequestDone
      ? whyNotSwitch(response, exchange.head, this.#runtime.settings.rules)
      : TOO_EARLY;
    if (wrong !== undefined) this.fail(wrong);
    if (this.#isOver) return false;
    const cookie = service.stickyFields(exchange, this.backend);
    editSwitch(response, exchange, cookie, this.#runtime.settings.rules);
    this.#join(backend);
    return true;
  }

  onJoined(): void {
    this.#tunnel?.join();
  }

  #join(backend: Socket): void {
    const { exchange } = this.#attempt;
    const { sweep } = this.#runtime;
    sweep.delete(this);
    this.#attempt.outcome = 'answered';
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
        this.#attempt.completed();
      },
      onClosed: () => this.#leave(),
    });
    this.#tunnel = tunnel;
  }

  /** The backend will not: its response is one like any other. */
  onRefusal(response: IncomingMessage): void {
    if (this.#isOver) return;
    const { exchange } = this.#attempt;
    const head = headOf(response, exchange.head.method, this.#runtime.settings.rules);
    if (head instanceof ProxyError) return this.fail(head);
    if (head.status === 101) return this.fail(SWITCHED);
    this.#response = response;
    this.#release();
    if (!this.#attempt.responded(head)) return;
    this.#wait(this.#timeouts.idleMs);
    const onData = (chunk: Buffer) => {
      this.#wait(this.#timeouts.idleMs);
      exchange.respondBody(chunk, 0, chunk.length);
      if (exchange.sink.flush() !== 'full') return;
      this.deadline = Number.POSITIVE_INFINITY;
      response.pause();
    };
    const onEnd = () => {
      if (this.#isOver) return;
      this.abort();
      exchange.sink.end('');
      exchange.sink.flush();
      this.#attempt.completed();
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
    this.#attempt.failed(error);
  }

  /** Whatever becomes of the request, the client's connection is no longer http-proxy's to end. */
  #release(): void {
    this.#request.removeAllListeners('error').on('error', () => {});
    showDestroySoon(this.#client);
  }

  #leave(): void {
    this.#isOver = true;
    this.#runtime.sweep.delete(this);
    this.backend.open.delete(this);
  }

  /** Sets the deadline; 0 is none. */
  #wait(ms: number): void {
    this.deadline = ms > 0 ? this.#runtime.sweep.deadlineIn(ms) : Number.POSITIVE_INFINITY;
  }
}

function silentHalf(idleMs: number): ProxyError {
  return new ProxyError(
    'body-stalled',
    `one side had ended, and the other was silent for ${idleMs} ms (fairlead.timeout.idle)`,
  );
}
