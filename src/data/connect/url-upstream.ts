import type { IncomingHttpHeaders } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { ProxyError } from '../errors.ts';
import type { HeadRules } from '../message/head.ts';
import { listedResponseHead, statusLine } from '../message/response-head.ts';
import type { Attempt, Upstream } from '../proxy/attempt.ts';
import type { Exchange } from '../proxy/exchange.ts';
import { safely } from '../safely.ts';
import type { Flow } from '../socket/transport.ts';

const RULES: HeadRules = { maxHeaders: 1_000, keepUnderscores: true };

/** The response of a fallback by URL, which is another site, over TLS or not. undici asks for it. */
export class UrlUpstream implements Upstream {
  readonly #attempt: Attempt;
  readonly #body: PassThrough | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;

  /** Begins the request. */
  constructor(attempt: Attempt, url: string, agent: Agent) {
    const { exchange, service } = attempt;
    this.#attempt = attempt;
    this.#body = exchange.head.length === 0 ? undefined : new PassThrough();
    this.#body?.on(
      'drain',
      safely(this, () => exchange.downstream.resumeBody()),
    );
    // The body is destroyed together with its request, whose own error says more.
    this.#body?.on('error', () => {});
    const base = new URL(url);
    const path =
      base.pathname.replace(/\/$/, '') + (exchange.head.target === '*' ? '/' : exchange.head.target);
    agent.dispatch(
      {
        origin: base.origin,
        path,
        method: exchange.head.method as Dispatcher.HttpMethod,
        headers: headersFor(exchange, base.host),
        body: this.#body ?? null,
        // A connection that the client authenticates is closed after this request: no other client may use it.
        reset: exchange.head.claimsConnection,
        headersTimeout: service.service.timeouts.responseMs,
      },
      this.#handler(),
    );
  }

  write(buffer: Buffer, from: number, to: number): void {
    this.#body?.write(buffer.subarray(from, to));
  }

  end(): void {
    this.#body?.end();
  }

  flush(): Flow {
    return this.#body?.writableNeedDrain === true ? 'full' : 'held';
  }

  abort(): void {
    this.#isOver = true;
    this.#controller?.abort(new Error('aborted'));
    this.#body?.destroy();
  }

  resume(): void {
    this.#controller?.resume();
  }

  #handler(): Dispatcher.DispatchHandler {
    const attempt = this.#attempt;
    const { exchange } = attempt;
    return {
      onRequestStart: safely(this, (controller: Dispatcher.DispatchController) => {
        this.#controller = controller;
        attempt.connected();
        if (this.#isOver) controller.abort(new Error('aborted'));
      }),
      onResponseStart: safely(
        this,
        (_controller: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders) => {
          if (this.#isOver || statusCode < 200) return;
          const { method } = exchange.head;
          const head = listedResponseHead(statusLine(statusCode), responseFields(headers), method, RULES);
          if (head instanceof ProxyError) this.#fail(head.detail);
          else attempt.responded(head);
        },
      ),
      onResponseData: safely(this, (controller: Dispatcher.DispatchController, chunk: Buffer) => {
        if (this.#isOver) return;
        exchange.respondBody(chunk, 0, chunk.length);
        if (exchange.sink.flush() === 'full') controller.pause();
      }),
      onResponseEnd: safely(this, () => {
        if (this.#isOver) return;
        this.#isOver = true;
        exchange.sink.end('');
        exchange.sink.flush();
        attempt.completed();
      }),
      // Later: a request that cannot be made fails while the constructor runs.
      onResponseError: (_controller, error) =>
        process.nextTick(safely(this, () => this.#fail(error.message))),
    };
  }

  onBroken(error: unknown): void {
    this.abort();
    this.#attempt.broken(error);
  }

  #fail(detail: string): void {
    if (this.#isOver) return;
    this.abort();
    this.#attempt.failed(new ProxyError('bad-response', `fallback: ${detail}`));
  }
}

/**
 * The headers that the client sent, but for the host: the fallback is another site. It is not told what filters add for the
 * backends, which may be a secret, nor what they leave out.
 */
function headersFor(exchange: Exchange, host: string): string[] {
  const { head, downstream, filtering } = exchange;
  const own = downstream.forwarded.of(exchange);
  const lines = head.lines(filtering?.unreplaced(own) ?? own);
  const headers = ['host', host];
  for (let i = 0; i < lines.length; i += 2) {
    const [name, value] = [lines[i] as string, lines[i + 1] as string];
    if (name !== 'host' && name !== 'expect') headers.push(name, value);
  }
  return headers;
}

/** The header lines of a response, names and values by turns. */
function responseFields(headers: IncomingHttpHeaders): string[] {
  const fields: string[] = [];
  for (const [name, value = ''] of Object.entries(headers)) {
    // undici has decoded the chunks of the body; its framing for the client is decided anew.
    if (name === 'transfer-encoding') continue;
    for (const item of typeof value === 'string' ? [value] : value) fields.push(name, item);
  }
  return fields;
}
