import type { ProxyError } from '../../../src/data/errors.ts';
import { BodyReader } from '../../../src/data/http1/body-reader.ts';
import type { BodySink } from '../../../src/data/http1/chunked.ts';
import { HeadReader, type HeadState } from '../../../src/data/http1/head-reader.ts';
import { type ReadRules, RequestReader, type RequestSink } from '../../../src/data/http1/request-reader.ts';
import type { RequestHead } from '../../../src/data/message/request-head.ts';
import {
  mayBeginResponse,
  parseResponseHead,
  ResponseHead,
} from '../../../src/data/message/response-head.ts';
import { normalizePath } from '../../../src/data/routing/path.ts';
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

/** Reads the responses to one request, interim ones too; 502 is what is none. */
export function readResponses(
  pieces: readonly Buffer[],
  method: string,
): Reading<ResponseHead> & { readonly surplus: number; readonly isUntilClose: boolean } {
  const reading: Reading<ResponseHead> = { messages: [], end: 'head' };
  const heads = new HeadReader(mayBeginResponse);
  const body = new BodyReader();
  let current: ReadMessage<ResponseHead> | undefined;
  let surplus = 0;
  const sink: BodySink = {
    body: (buffer, from, to) => {
      if (current !== undefined) current.body += buffer.toString('latin1', from, to);
    },
  };
  const readBody = (buffer: Buffer, from: number, to: number) => {
    const end = body.read(buffer, from, to, sink);
    if (body.error !== undefined) reading.end = 502;
    else if (body.isComplete && current !== undefined) {
      current.trailers = body.trailers;
      reading.messages.push(current);
      reading.end = 'clean';
      surplus += to - end;
    }
  };
  const readHead = (found: HeadState): void => {
    if (found === 'partial') return;
    const head = found === 'whole' ? parseResponseHead(heads.text, heads.blank, method, RULES) : found;
    if (!(head instanceof ResponseHead) || head.status === 101) {
      reading.end = 502;
      return;
    }
    heads.consume(heads.blank + 4);
    if (head.status < 200) {
      reading.messages.push({ head, body: '', trailers: '' });
      if (heads.hasBytes) readHead(heads.find(MAX_HEADER_SIZE));
      else heads.reset();
      return;
    }
    current = { head, body: '', trailers: '' };
    reading.end = 'body';
    body.begin(head.length, true);
    readBody(heads.bytes, heads.from, heads.to);
  };
  for (const piece of pieces) {
    if (reading.end === 502) break;
    const lent = Buffer.from(piece);
    if (reading.end === 'clean') surplus += lent.length;
    else if (reading.end === 'body') readBody(lent, 0, lent.length);
    else readHead(heads.read(lent, 0, lent.length, MAX_HEADER_SIZE));
  }
  if (reading.end !== 'clean' && current !== undefined) reading.messages.push(current);
  return { ...reading, surplus, isUntilClose: body.isUntilClose };
}
