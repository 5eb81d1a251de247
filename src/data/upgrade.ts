import { type ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyServer } from 'http-proxy';
import { isExhaustion } from '../model/exhaustion.ts';
import type { Timeouts } from '../model/service.ts';
import { trimmed } from './http1/head.ts';
import type { Flow } from './http1/outbox.ts';
import { parseResponseHead } from './http1/response-head.ts';
import type { UpstreamContext } from './http1/upstream-context.ts';
import { KEEP_ALIVE_MS } from './listener/tcp.ts';
import { type ErrorCode, ProxyError } from './proxy/errors.ts';
import type { Exchange, ExchangeEvents, Upstream } from './proxy/exchange.ts';
import { addedFields, targetOf } from './proxy/headers.ts';
import type { Expiring } from './sweep.ts';
import { joinDirectly } from './tunnel.ts';
import type { BackendState, PooledConnection } from './upstream/backend-state.ts';
import type { ServiceState } from './upstream/service-state.ts';

/** How long one side of a joined connection may finish once the other has closed. */
const CLOSING_MS = 2_000;
const NO_BYTES = Buffer.alloc(0);

/**
 * One try to give a client a connection of another protocol (RFC 9110, section 7.8), WebSocket above all. The
 * work is http-proxy's: it sends the request, joins the two sockets once the backend has answered 101, and closes
 * one with the other.
 * Until then the client's connection speaks HTTP: nothing of it is passed on, the try may be followed by another,
 * and any other response is handed to it as usual.
 */
export class UpgradeUpstream implements Upstream, PooledConnection, Expiring {
  deadline = Number.POSITIVE_INFINITY;
  /** How long an upgrade may take nobody can tell from outside. */
  readonly awaiting = undefined;
  readonly since = 0;
  readonly #exchange: Exchange;
  readonly #events: ExchangeEvents;
  readonly #backend: BackendState;
  readonly #context: UpstreamContext;
  readonly #timeouts: Timeouts;
  readonly #client: Socket;
  #request: ClientRequest | undefined = undefined;
  #response: IncomingMessage | undefined = undefined;
  /** The backend's side, once the two are joined. */
  #joined: Socket | undefined = undefined;
  #isConnected = false;
  #isOver = false;

  constructor(exchange: Exchange, backend: BackendState, events: ExchangeEvents, context: UpstreamContext) {
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
    this.#start();
  }

  /** The request left with the constructor, and it has no body. */
  send(): void {}
  write(): void {}
  end(): void {}
  flush(): Flow {
    return 'taken';
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
    this.#release();
    this.#request?.destroy();
    this.#joined?.destroy();
  }

  destroy(): void {
    if (this.#joined === undefined) return this.#fail('reset', 'the connection was closed');
    this.#client.destroy();
    this.#joined.destroy();
  }

  expire(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.#joined !== undefined) this.destroy();
    else if (!this.#isConnected) this.#fail('connect-timeout', 'no connection in time');
    else if (this.#response === undefined)
      this.#fail('response-timeout', 'no response to the upgrade in time');
    else this.#fail('body-stalled', `the response stalled for ${this.#timeouts.idleMs} ms`);
  }

  #start(): void {
    const proxy = createProxyServer();
    proxy.on('error', () => {});
    proxy.on('open', (socket) => joinDirectly(this.#client, socket));
    proxy.on('proxyReqWs', (request) => {
      this.#request = request;
      request.once('socket', (socket) => socket.once('connect', () => this.#waitForResponse()));
      request.on('upgrade', (_response, socket) => this.#join(socket));
    });
    // After an error http-proxy would end the client's connection, on which the client has yet to be answered.
    this.#client.destroySoon = () => {};
    // Each try leaves its listeners behind.
    this.#client.setMaxListeners(0).setDefaultEncoding('latin1');
    const { host, port } = this.#backend.backend.address;
    const options = {
      target: { host, port, protocol: 'http:' },
      toProxy: true,
      method: this.#exchange.head.method,
      headers: upgradeFields(this.#exchange, this.#backend),
    };
    proxy.ws(webSocketRequest(this.#exchange, this.#client), this.#client, NO_BYTES, options, (error) =>
      // Later, when http-proxy is through with the failed try.
      process.nextTick(() => this.#onError(error)),
    );
    // A refusal it would send without heeding whether the client takes it, and not notice when it breaks off.
    this.#request?.removeAllListeners('response').on('response', (response) => this.#relay(response));
  }

  #waitForResponse(): void {
    this.#isConnected = true;
    const { retry } = (this.#exchange.service as ServiceState).service;
    this.#wait(retry.timeoutMs || this.#timeouts.responseMs);
  }

  /** The backend speaks the other protocol: from now on what comes is passed on, until both have closed. */
  #join(backend: Socket): void {
    const exchange = this.#exchange;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#joined = backend;
    exchange.answered = true;
    exchange.status = 101;
    showDestroySoon(this.#client);
    // No deadline ends a silent tunnel: whether its ends still exist only the kernel finds out.
    backend.setKeepAlive(true, KEEP_ALIVE_MS);
    const rest = exchange.downstream.detach();
    if (rest.length > 0) this.#client.unshift(rest);
    backend.once('close', () => {
      this.#wait(CLOSING_MS);
      if (this.#client.destroyed) this.#leave();
    });
    this.#client.once('close', () => {
      this.#wait(CLOSING_MS);
      if (backend.destroyed) this.#leave();
      // What the client sent last may still be on its way.
      else backend.destroySoon();
      this.#events.onComplete(exchange);
    });
  }

  /** The backend will not: its response is one like any other. */
  #relay(response: IncomingMessage): void {
    if (this.#isOver) return;
    const exchange = this.#exchange;
    const { downstream } = exchange;
    const text = responseLines(response);
    const head = parseResponseHead(text, text.length - 4, exchange.head.method, this.#context.rules);
    if (typeof head === 'string') return this.#fail('bad-response', head);
    this.#response = response;
    this.#release();
    if (!this.#events.onResponse(exchange, head, this)) return;
    this.#wait(this.#timeouts.idleMs);
    response.on('data', (chunk: Buffer) => {
      exchange.bytesOut += chunk.length;
      this.#wait(this.#timeouts.idleMs);
      downstream.write(chunk, 0, chunk.length);
      if (downstream.flush() !== 'full') return;
      this.deadline = Number.POSITIVE_INFINITY;
      response.pause();
    });
    response.on('end', () => {
      if (this.#isOver) return;
      this.abort();
      downstream.end('');
      downstream.flush();
      this.#events.onComplete(exchange);
    });
    response.on('error', () => this.#fail('reset', 'closed by the backend within the response'));
  }

  #onError(error: NodeJS.ErrnoException): void {
    // A joined connection that breaks is closed by http-proxy; its close is all we need.
    if (this.#joined !== undefined) return;
    const isTimeout = error.code === 'ETIMEDOUT' && error.syscall === 'connect';
    if (!this.#isConnected && isExhaustion(error.code)) this.#fail('exhausted', error.code ?? '');
    else if (isTimeout) this.#fail('connect-timeout', 'no connection in time');
    else if (error.syscall === 'connect') this.#fail('connect-failed', error.code ?? error.message);
    else this.#fail('reset', `${error.code ?? error.message} before a response`);
  }

  #fail(code: ErrorCode, detail: string): void {
    if (this.#isOver) return;
    this.abort();
    this.#events.onFailure(this.#exchange, new ProxyError(code, detail), this);
  }

  /** Whatever becomes of the request, the client's connection is no longer http-proxy's to end. */
  #release(): void {
    this.#request?.removeAllListeners('error').on('error', () => {});
    showDestroySoon(this.#client);
  }

  #leave(): void {
    this.#isOver = true;
    this.#context.sweep.delete(this);
    this.#backend.open.delete(this);
  }

  /** Sets the deadline; 0 is none. */
  #wait(ms: number): void {
    this.deadline = ms > 0 ? this.#context.sweep.now + ms : Number.POSITIVE_INFINITY;
  }
}

/** The method of the class shows again. */
function showDestroySoon(socket: Socket): void {
  Reflect.deleteProperty(socket, 'destroySoon');
}

/**
 * What http-proxy asks to see: it takes GET and WebSocket alone, while other protocols upgrade in just the same
 * way. The request that it sends has the method and the headers of its options.
 */
function webSocketRequest(exchange: Exchange, socket: Socket): IncomingMessage {
  const request = new IncomingMessage(socket);
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.httpVersion = '1.1';
  request.method = 'GET';
  request.url = targetOf(exchange);
  request.headers = { upgrade: 'websocket' };
  return request;
}

/** The validated headers with those that we add, by name. */
function upgradeFields(exchange: Exchange, backend: BackendState): Record<string, string | string[]> {
  // Without a prototype: `constructor` is a name like any other.
  const fields: Record<string, string | string[]> = Object.create(null);
  for (const line of (exchange.head.fields() + addedFields(exchange, backend)).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = trimmed(line, colon + 1, line.length);
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return { ...fields, connection: 'Upgrade', upgrade: exchange.head.upgrade };
}

/** A response's head as the backend wrote it. */
function responseLines(response: IncomingMessage): string {
  const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
  let text = `HTTP/${httpVersion} ${statusCode} ${statusMessage}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return `${text}\r\n`;
}
