import type { ProxyError } from '../../../src/data/errors.ts';
import { type ReadRules, RequestReader, type RequestSink } from '../../../src/data/http1/request-reader.ts';
import { ResponseReader, type ResponseSink } from '../../../src/data/http1/response-reader.ts';
import { UNTIL_CLOSE } from '../../../src/data/message/head.ts';
import type { RequestHead } from '../../../src/data/message/request-head.ts';
import type { ResponseHead } from '../../../src/data/message/response-head.ts';
import { normalizePath } from '../../../src/data/routing/path.ts';
import type { Flow } from '../../../src/data/socket/transport.ts';
import { RULES } from '../../support/heads.ts';

const MAX_HEADER_SIZE = 16_384;

export interface ReadMessage<H> {
  readonly head: H;
  body: string;
  trailers: string;
}

/** What the codec makes of the bytes of a connection. */
export interface Reading<H> {
  /** Whole messages. */
  readonly messages: ReadMessage<H>[];
  /** A status refuses what follows; `clean` when nothing follows, `head` or `body` when something is not whole. */
  end: 'clean' | 'head' | 'body' | number;
}

/** A connection whose requests are all answered at once, in memory. */
class Collector implements RequestSink {
  readonly messages: ReadMessage<RequestHead>[] = [];
  current: ReadMessage<RequestHead> | undefined = undefined;
  refusal = 0;
  closes = false;

  get isFree(): boolean {
    return this.current === undefined && this.refusal === 0 && !this.closes;
  }

  headBegan(): void {}

  request(head: RequestHead): void {
    if (head.target !== '*' && normalizePath(head.target) === undefined) this.refusal = 400;
    else {
      this.current = { head, body: '', trailers: '' };
      if (head.length === 0) this.bodyEnded('');
    }
  }

  body(buffer: Buffer, from: number, to: number): void {
    if (this.current !== undefined) this.current.body += buffer.toString('latin1', from, to);
  }

  bodyEnded(trailers: string): void {
    if (this.current === undefined) return;
    this.current.trailers = trailers;
    this.messages.push(this.current);
    // What follows a request for another protocol may be of that.
    this.closes = !this.current.head.keepAlive || this.current.head.upgrade !== '';
    this.current = undefined;
  }

  bodyBroke(): void {
    this.refusal ||= 400;
  }

  refuse(error: ProxyError): void {
    this.refusal = error.status;
  }
}

/** Reads requests as the data plane does, from bytes that come in these pieces. */
export function readRequests(
  pieces: readonly Buffer[],
  limits: ReadRules = { rules: RULES, maxHeaderSize: MAX_HEADER_SIZE },
  trusted = false,
): Reading<RequestHead> & {
  readonly closes: boolean;
  readonly partial: ReadMessage<RequestHead> | undefined;
} {
  const sink = new Collector();
  const reader = new RequestReader(sink, { settings: limits }, trusted);
  for (const piece of pieces) {
    reader.read(Buffer.from(piece));
    while (sink.isFree && reader.hasBytes) reader.next();
    if (sink.refusal !== 0 || sink.closes) break;
  }
  const open = sink.current !== undefined ? 'body' : reader.isPartial ? 'head' : 'clean';
  return {
    messages: sink.messages,
    end: sink.refusal || open,
    closes: sink.closes,
    // One more, whose head was good and whose body is not whole, or broken.
    partial: sink.current,
  };
}

/** A client that takes whatever is read of a backend, in memory. */
class ResponseCollector implements ResponseSink {
  readonly messages: ReadMessage<ResponseHead>[] = [];
  current: ReadMessage<ResponseHead> | undefined = undefined;
  end: Reading<ResponseHead>['end'] = 'head';
  surplus = 0;

  interim(head: ResponseHead): Flow {
    this.messages.push({ head, body: '', trailers: '' });
    return 'taken';
  }

  response(head: ResponseHead): boolean {
    this.current = { head, body: '', trailers: '' };
    this.end = 'body';
    return true;
  }

  body(buffer: Buffer, from: number, to: number): void {
    if (this.current !== undefined) this.current.body += buffer.toString('latin1', from, to);
  }

  bodyFollows(): void {}

  responseEnded(trailers: string, surplus: number): void {
    if (this.current === undefined) return;
    this.current.trailers = trailers;
    this.messages.push(this.current);
    this.current = undefined;
    this.end = 'clean';
    this.surplus += surplus;
  }

  fail(): void {
    this.end = 502;
  }
}

/** Reads the responses to one request, interim ones too; 502 is what is none. */
export function readResponses(
  pieces: readonly Buffer[],
  method: string,
): Reading<ResponseHead> & { readonly surplus: number; readonly isUntilClose: boolean } {
  const sink = new ResponseCollector();
  const reader = new ResponseReader(sink, { settings: { rules: RULES, maxHeaderSize: MAX_HEADER_SIZE } });
  reader.begin(method);
  for (const piece of pieces) {
    if (sink.end === 502) break;
    if (sink.end === 'clean') sink.surplus += piece.length;
    else reader.read(Buffer.from(piece), piece.length);
  }
  const { messages, end, surplus, current } = sink;
  // Of one that is not whole what there is.
  if (current !== undefined) messages.push(current);
  return { messages, end, surplus, isUntilClose: current?.head.length === UNTIL_CLOSE };
}
