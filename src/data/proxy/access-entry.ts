import { type Scheme, schemeOf } from '../../model/listener.ts';
import type { AccessEntry } from '../../telemetry/events.ts';
import type { ProxyError } from '../errors.ts';
import type { Client } from '../listener/client.ts';
import { isField, trimmed } from '../message/field.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { Exchange } from './exchange.ts';

/** A view of an exchange: the log reads the fields that it writes, and no others are computed. */
class ExchangeEntry implements AccessEntry {
  readonly time: number;
  readonly durationMs: number;
  referer = '';
  userAgent = '';
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, time: number, durationMs: number) {
    this.time = time;
    this.durationMs = durationMs;
    this.#exchange = exchange;
    this.#readClientFields(exchange.head);
  }

  get client(): string {
    return this.#exchange.client;
  }

  get peer(): string {
    return this.#exchange.downstream.peer;
  }

  get method(): string {
    return this.#exchange.head.method;
  }

  get scheme(): Scheme {
    return this.#exchange.scheme;
  }

  get host(): string {
    return this.#exchange.head.host;
  }

  get target(): string {
    return this.#exchange.head.target;
  }

  get minor(): number {
    return this.#exchange.head.minor;
  }

  get status(): number {
    return this.#exchange.status;
  }

  get bytes(): number {
    return this.#exchange.bytesOut;
  }

  get service(): string {
    return this.#exchange.service?.service.name ?? '';
  }

  get backend(): string {
    return this.#exchange.backend?.backend.name ?? '';
  }

  get attempts(): number {
    return this.#exchange.attempts;
  }

  get error(): string {
    return this.#exchange.error?.code ?? '';
  }

  get detail(): string {
    return this.#exchange.error?.detail ?? '';
  }

  get isCut(): boolean {
    return this.#exchange.isCut;
  }

  get requestId(): string {
    return this.#exchange.id;
  }

  /** Finds Referer and User-Agent in one walk over the lines. The first letter tells most lines apart. */
  #readClientFields({ text, fieldsStart, fieldsEnd }: RequestHead): void {
    for (let p = fieldsStart; p < fieldsEnd; ) {
      const q = text.indexOf('\r\n', p);
      const letter = text.charCodeAt(p) | 0x20;
      if (letter === 0x72 && this.referer === '' && isField(text, p, 'referer'))
        this.referer = trimmed(text, p + 8, q);
      else if (letter === 0x75 && this.userAgent === '' && isField(text, p, 'user-agent'))
        this.userAgent = trimmed(text, p + 11, q);
      p = q + 2;
    }
  }
}

/** The log entry of a finished exchange. */
export function accessEntry(exchange: Exchange, time: number, durationMs: number): AccessEntry {
  return new ExchangeEntry(exchange, time, durationMs);
}

/** The log entry of a request that was refused before it became an exchange. */
export function refusedEntry(
  error: ProxyError,
  { peer, listener }: Pick<Client, 'peer' | 'listener'>,
  requestId: string,
  time: number,
): AccessEntry {
  return {
    time,
    client: peer,
    peer,
    durationMs: 0,
    method: '',
    scheme: schemeOf(listener),
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
    isCut: false,
    requestId,
    referer: '',
    userAgent: '',
  };
}
