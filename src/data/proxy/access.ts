import type { AccessEntry } from '../../telemetry/events.ts';
import { isField, trimmed } from '../http1/head.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ProxyError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** A class, for an object literal with a getter is slow to make. */
class ExchangeEntry implements AccessEntry {
  readonly time: number;
  readonly durationMs: number;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly minor: number;
  readonly status: number;
  readonly bytes: number;
  readonly service: string;
  readonly backend: string;
  readonly attempts: number;
  readonly error: string;
  readonly detail: string;
  readonly referer: string;
  readonly userAgent: string;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, time: number, durationMs: number) {
    const { head, error } = exchange;
    const { referer, userAgent } = clientFields(head);
    this.time = time;
    this.durationMs = durationMs;
    this.client = exchange.downstream.clientAddress;
    this.method = head.method;
    this.host = head.host;
    this.target = head.target;
    this.minor = head.minor;
    this.status = exchange.status;
    this.bytes = exchange.bytesOut;
    this.service = exchange.service?.service.name ?? '';
    this.backend = exchange.backend?.backend.name ?? '';
    this.attempts = exchange.attempts;
    this.error = error?.code ?? '';
    this.detail = error?.detail ?? '';
    this.referer = referer;
    this.userAgent = userAgent;
    this.#exchange = exchange;
  }

  /** Made only for those who ask. */
  get requestId(): string {
    return this.#exchange.id;
  }
}

/** What the logs tell of a finished exchange. */
export function accessEntry(exchange: Exchange, time: number, durationMs: number): AccessEntry {
  return new ExchangeEntry(exchange, time, durationMs);
}

/** What the client says of itself, in one walk over the lines of which most are told apart by their first letter. */
function clientFields({ text, fieldsStart, fieldsEnd }: RequestHead): { referer: string; userAgent: string } {
  let referer = '';
  let userAgent = '';
  for (let p = fieldsStart; p < fieldsEnd; ) {
    const q = text.indexOf('\r\n', p);
    const letter = text.charCodeAt(p) | 0x20;
    if (letter === 0x72 && referer === '' && isField(text, p, 'referer')) referer = trimmed(text, p + 8, q);
    else if (letter === 0x75 && userAgent === '' && isField(text, p, 'user-agent'))
      userAgent = trimmed(text, p + 11, q);
    p = q + 2;
  }
  return { referer, userAgent };
}

/** What they tell of a request that was refused before it was one. */
export function refusedEntry(error: ProxyError, client: string, time: number): AccessEntry {
  return {
    time,
    client,
    durationMs: 0,
    method: '',
    host: '',
    target: '',
    minor: 1,
    status: error.status,
    bytes: 0,
    service: '',
    backend: '',
    attempts: 0,
    error: error.code,
    detail: error.detail,
    requestId: '',
    referer: '',
    userAgent: '',
  };
}
