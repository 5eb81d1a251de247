import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Timeouts } from '../../model/service.ts';
import { ProxyError } from '../errors.ts';
import type { Attempt, Upstream } from '../proxy/attempt.ts';
import type { Runtime } from '../runtime.ts';
import { transportOn } from '../socket/socket-transport.ts';
import type { Flow, Transport } from '../socket/transport.ts';
import type { Expiring } from '../sweep.ts';
import type { BackendState, PooledConnection } from '../upstream/backend-state.ts';
import { Refusal, type RefusalEvents } from './refusal.ts';
import { Switched } from './switched.ts';
import { brokenBy, CLOSED, lateness, SWITCHED, TOO_EARLY, type UpgradePhase } from './upgrade-failures.ts';
import {
  editSwitch,
  headOf,
  sendUpgrade,
  showDestroySoon,
  type UpgradeEvents,
  whyNotSwitch,
} from './upgrade-request.ts';

/**
 * One attempt to give a client a connection of another protocol (RFC 9110, section 7.8), WebSocket above all. http-proxy does
 * the work: it sends the request, joins the two sockets once the backend has answered 101, and closes one with the other. Until
 * then the client's connection speaks HTTP: no byte is passed on, another attempt may follow, and any response but a 101 is
 * relayed as usual.
 */
export class UpgradeUpstream implements Upstream, PooledConnection, Expiring, UpgradeEvents, RefusalEvents {
  deadline = Number.POSITIVE_INFINITY;
  readonly #attempt: Attempt;
  readonly backend: BackendState;
  pool: PooledConnection[];
  readonly #runtime: Runtime;
  readonly #timeouts: Timeouts;
  readonly #client: Transport;
  readonly #request: ClientRequest;
  #phase: UpgradePhase = 'connecting';
  #isRequestDone = false;
  #refusal: Refusal | undefined = undefined;
  #switched: Switched | undefined = undefined;

  /** Begins the request. */
  constructor(attempt: Attempt, backend: BackendState, runtime: Runtime) {
    const { exchange, service } = attempt;
    this.#attempt = attempt;
    this.backend = backend;
    this.pool = backend.idle;
    this.#runtime = runtime;
    this.#timeouts = service.service.timeouts;
    this.#client = exchange.downstream.transport;
    backend.open.add(this);
    backend.stats.connectionsOpened++;
    runtime.sweep.add(this);
    this.#wait(this.#timeouts.connectMs);
    this.#request = sendUpgrade(exchange, backend, runtime.settings.maxHeaderSize, this);
  }

  write(buffer: Buffer, from: number, to: number): void {
    this.#request.write(buffer.subarray(from, to));
  }

  /** Trailers are not forwarded. */
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
    if (this.#refusal === undefined) return;
    this.#wait(this.#timeouts.idleMs);
    this.#refusal.resume();
  }

  /** Nothing to do: such a connection serves one exchange only. */
  retire(): void {}

  abort(): void {
    this.#leave();
    this.#switched?.count();
    this.#release();
    this.#request.destroy();
    this.#switched?.destroy();
  }

  destroy(): void {
    if (this.#switched === undefined) this.fail(CLOSED);
    else this.#switched.destroy();
  }

  fail(error: ProxyError): void {
    if (this.#switched !== undefined) return this.#switched.cut(error);
    if (this.#phase === 'over') return;
    this.abort();
    this.#attempt.failed(error);
  }

  expire(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.fail(lateness(this.#phase, this.#timeouts.idleMs));
  }

  onBroken(error: unknown): void {
    this.abort();
    this.#attempt.broken(error);
  }

  onConnect(): void {
    if (this.#phase !== 'connecting') return;
    this.#phase = 'head';
    this.#attempt.connected();
    this.#waitForBackend();
  }

  onDrain(): void {
    this.#attempt.exchange.downstream.resumeBody();
  }

  /**
   * Sets the deadline before the response. It is for what the backend has to do next; none runs while it is the client's turn.
   */
  #waitForBackend(): void {
    if (this.#phase !== 'head') return;
    const { retry } = this.#attempt.service.service;
    if (this.#isRequestDone) this.#wait(retry.timeoutMs || this.#timeouts.responseMs);
    else this.#wait(this.#request.writableNeedDrain === true ? this.#timeouts.idleMs : 0);
  }

  /** A 101 has come: from now on bytes are passed on, until both sides have closed. */
  onSwitch(response: IncomingMessage, backend: Duplex): boolean {
    const { exchange, service } = this.#attempt;
    const wrong = this.#isRequestDone
      ? whyNotSwitch(response, exchange.head, this.#runtime.settings.rules)
      : TOO_EARLY;
    if (wrong !== undefined) this.fail(wrong);
    if (this.#phase === 'over') return false;
    const cookie = service.stickyFields(exchange, this.backend);
    editSwitch(response, exchange, cookie, this.#runtime.settings.rules);
    this.#runtime.sweep.delete(this);
    showDestroySoon(this.#client.stream);
    this.#switched = new Switched(this.#attempt, transportOn(backend), this.#runtime.sweep, () =>
      this.#leave(),
    );
    return true;
  }

  onJoined(): void {
    this.#switched?.join();
  }

  /** The backend refuses to switch: its response is relayed like any other. */
  onRefusal(response: IncomingMessage): void {
    if (this.#phase === 'over') return;
    const { exchange } = this.#attempt;
    const head = headOf(response, exchange.head.method, this.#runtime.settings.rules);
    if (head instanceof ProxyError) return this.fail(head);
    if (head.status === 101) return this.fail(SWITCHED);
    this.#phase = 'body';
    this.#release();
    if (!this.#attempt.responded(head)) return;
    this.#wait(this.#timeouts.idleMs);
    this.#refusal = new Refusal(response, exchange, this);
  }

  onRefusalBody(flow: Flow): void {
    this.#wait(flow === 'full' ? 0 : this.#timeouts.idleMs);
  }

  onRefusalEnd(): void {
    if (this.#phase === 'over') return;
    this.abort();
    const { sink } = this.#attempt.exchange;
    sink.end('');
    sink.flush();
    this.#attempt.completed();
  }

  onError(error: NodeJS.ErrnoException): void {
    // Once the two sides are joined, http-proxy closes both when one breaks; we hear of that close.
    if (this.#switched === undefined) this.fail(brokenBy(error, this.#phase));
  }

  /** The client's connection is no longer http-proxy's to end, whatever becomes of the request. */
  #release(): void {
    this.#request.removeAllListeners('error').on('error', () => {});
    showDestroySoon(this.#client.stream);
  }

  #leave(): void {
    this.#phase = 'over';
    this.#runtime.sweep.delete(this);
    this.backend.open.delete(this);
  }

  /**
   * Sets the deadline.
   * @param ms 0 is none
   */
  #wait(ms: number): void {
    this.deadline = ms > 0 ? this.#runtime.sweep.deadlineIn(ms) : Number.POSITIVE_INFINITY;
  }
}
