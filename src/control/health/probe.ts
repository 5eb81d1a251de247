import { request } from 'node:http';
import { connect, Socket } from 'node:net';
import { type Address, formatAddress } from '../../model/address.ts';
import { isExhaustion } from '../../model/exhaustion.ts';
import { type HealthCheck, inRanges } from '../../model/health.ts';

/** What one probe found. */
export interface ProbeResult {
  readonly isPass: boolean;
  /** For people: the status, or what went wrong. */
  readonly reason: string;
  /** Fairlead itself had no descriptor or port left to ask with: the result says nothing about the backend. */
  readonly isVoid?: boolean;
}

/**
 * What a probe asks: `check` is the health check of the service; `life` is whether the backend sends anything at all,
 * within a short time.
 */
export type Question = 'check' | 'life';

/** Probes an address once. Never rejects. */
export type Probe = (address: Address, check: HealthCheck, question?: Question) => Promise<ProbeResult>;

/** How long a probe for life waits for the first byte, in milliseconds. */
const LIFE_MS = 500;
/** How late the timeout of a connection may be noticed, in milliseconds. */
const TICK_MS = 50;

const CONNECTED: ProbeResult = { isPass: true, reason: 'connected' };

/**
 * Makes the probe, which asks what the type of the check says.
 * @param maxHeaderSize the longest head of an answer, in bytes; the limit of the request path
 */
export function makeProbe(maxHeaderSize: number): Probe {
  return (address, check, question = 'check') => {
    if (question === 'life') return probeLife(address, check);
    const target = check.port === undefined ? address : { ...address, port: check.port };
    return check.type === 'http'
      ? probeHttp(target, check, maxHeaderSize)
      : probeTcp(target, check.timeoutMs);
  };
}

async function probeHttp(address: Address, check: HealthCheck, maxHeaderSize: number): Promise<ProbeResult> {
  try {
    const statusCode = await askHttp(address, check, maxHeaderSize);
    return { isPass: inRanges(statusCode, check.status), reason: `HTTP ${statusCode}` };
  } catch (error) {
    return failed(error, check.timeoutMs);
  }
}

/** Uses `node:http`, which skips interim responses; undici treats a 100 that nobody asked for as an error. */
function askHttp(address: Address, check: HealthCheck, maxHeaderSize: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...address,
      path: check.path,
      method: check.method,
      headers: {
        host: check.host ?? formatAddress(address),
        'user-agent': 'fairlead-health',
        connection: 'close',
      },
      maxHeaderSize,
      // Each probe makes a connection of its own, since it should find out whether the backend still accepts them.
      agent: false,
      signal: AbortSignal.timeout(check.timeoutMs),
    });
    sent.on('response', (response) => {
      resolve(response.statusCode ?? 0);
      // The body is not read; closing the connection discards it.
      response.on('error', () => {}).destroy();
    });
    sent.on('upgrade', (_response, socket) => {
      resolve(101);
      socket.destroy();
    });
    sent.on('error', (error) => reject(error.name === 'AbortError' ? error.cause : error));
    sent.end();
  });
}

/**
 * Sends the serving port the request of its check. If the check has a port of its own or is no HTTP, it sends `OPTIONS *`,
 * the ping of HTTP (RFC 9110, section 9.3.7). The first byte of an answer is enough.
 */
function probeLife(address: Address, check: HealthCheck): Promise<ProbeResult> {
  const asksPath = check.type === 'http' && check.port === undefined;
  const line = asksPath ? `${check.method} ${check.path}` : 'OPTIONS *';
  const host = check.host ?? formatAddress(address);
  return new Promise((resolve) => {
    const socket = connect(address);
    const timer = setTimeout(() => settle({ isPass: false, reason: `silent for ${LIFE_MS} ms` }), LIFE_MS);
    const settle = (result: ProbeResult) => {
      clearTimeout(timer);
      resolve(result);
      socket.destroy();
    };
    socket.write(
      `${line} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: fairlead-health\r\nConnection: close\r\n\r\n`,
    );
    socket.once('data', () => settle({ isPass: true, reason: 'answered' }));
    socket.once('end', () => settle({ isPass: false, reason: 'closed without an answer' }));
    socket.once('error', (error) => settle(failed(error, LIFE_MS)));
  });
}

function probeTcp(address: Address, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => new TcpProbe(address, timeoutMs, resolve));
}

/**
 * A connection that is closed as soon as it is established. Every few seconds there may be thousands of these probes, and
 * garbage costs more than the work itself, so a probe has no timer, closure or list of its own.
 */
class TcpProbe extends Socket {
  /** The probes that are under way. One timer looks for those that are late, and stops when there are none. */
  static readonly #underWay = new Set<TcpProbe>();
  static #isWatched = false;
  readonly #timeoutMs: number;
  readonly #lateAt: number;
  readonly #resolve: (result: ProbeResult) => void;

  constructor({ host, port }: Address, timeoutMs: number, resolve: (result: ProbeResult) => void) {
    super();
    this.#timeoutMs = timeoutMs;
    this.#lateAt = performance.now() + timeoutMs;
    this.#resolve = resolve;
    // Nothing will be read; a paused socket does not start to read.
    this.pause();
    this.on('connect', this.#onConnect);
    this.on('error', this.#onError);
    this.connect(port, host);
    TcpProbe.#underWay.add(this);
    if (!TcpProbe.#isWatched) TcpProbe.#watch();
  }

  #onConnect(): void {
    this.#settle(CONNECTED);
  }

  #onError(error: Error): void {
    this.#settle(failed(error, this.#timeoutMs));
  }

  static #watch(): void {
    TcpProbe.#isWatched = true;
    setTimeout(TcpProbe.#onTick, TICK_MS).unref();
  }

  static #onTick(): void {
    const now = performance.now();
    for (const probe of TcpProbe.#underWay) {
      if (probe.#lateAt > now) continue;
      probe.#settle({ isPass: false, reason: `no connection within ${probe.#timeoutMs} ms` });
    }
    TcpProbe.#isWatched = false;
    if (TcpProbe.#underWay.size > 0) TcpProbe.#watch();
  }

  /** Closes by FIN, not by a reset: a bare Node server without an error listener would crash on a reset, which is no cheaper anyway. */
  #settle(result: ProbeResult): void {
    TcpProbe.#underWay.delete(this);
    this.#resolve(result);
    this.destroy();
  }
}

function failed(error: unknown, timeoutMs: number): ProbeResult {
  const isVoid = isExhaustion((error as NodeJS.ErrnoException).code);
  return { isPass: false, reason: explain(error, timeoutMs), ...(isVoid && { isVoid }) };
}

function explain(error: unknown, timeoutMs: number): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  if (code?.startsWith('HPE_')) return `the answer does not match the HTTP/1.1 protocol (${code})`;
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to the address';
    case 'ENOTFOUND':
      return 'the name is not known';
    case 'ECONNRESET':
      return 'the connection was closed without an answer';
    default:
      return code ?? message;
  }
}
