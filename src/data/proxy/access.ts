import type { AccessEntry } from '../../telemetry/events.ts';
import type { ProxyError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** What the logs tell of a finished exchange. */
export function accessEntry(exchange: Exchange, time: number, durationMs: number): AccessEntry {
  const { head, error } = exchange;
  return {
    time,
    durationMs,
    client: exchange.downstream.clientAddress,
    method: head.method,
    host: head.host,
    target: head.target,
    minor: head.minor,
    status: exchange.status,
    bytes: exchange.bytesOut,
    service: exchange.service?.service.name ?? '',
    backend: exchange.backend?.backend.name ?? '',
    attempts: exchange.attempts,
    error: error?.code ?? '',
    detail: error?.detail ?? '',
    requestId: exchange.id,
    referer: head.field('referer') ?? '',
    userAgent: head.field('user-agent') ?? '',
  };
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
