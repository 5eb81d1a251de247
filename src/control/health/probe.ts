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
  /** We could not ask, for want of a descriptor or a port of our own: nothing is said of the backend. */
  readonly isVoid?: boolean;
}

/**
 * What a probe asks: `check` is the check of the service; `life` is whether anything answers at all, whatever it
 * says, and soon.
 */
export type Question = 'check' | 'life';

/** Probes an address once. Never rejects. */
export type Probe = (address: Address, check: HealthCheck, question?: Question) => Promise<ProbeResult>;

/** A backend that lives says something within this time. */
const LIFE_MS = 500;
/** How late it may be noticed that nothing came of a connection. */
const TICK_MS = 50;

const CONNECTED: ProbeResult = { isPass: true, reason: 'connected' };

/**
 * Probes by the check's type.
 * @param maxHeaderSize of an answer's head, in bytes: as large as may be on the path of requests
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

/** By `node:http`, which passes over interim responses: undici takes a 100 that nobody asked for as an error. */
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
      // A connection for each probe: whether the backend still accepts them is part of the question.
      agent: false,
      signal: AbortSignal.timeout(check.timeoutMs),
    });
    sent.on('response', (response) => {
      resolve(response.statusCode ?? 0);
      // Nobody reads the body; what is left of it ends with the connection.
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
 * Asks the port that serves for whatever its check asks; where there is none to be had, for nothing: `OPTIONS *` is
 * the ping of HTTP (RFC 9110, section 9.3.7). The first byte is enough.
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
 * A connection that is closed as soon as it has come about. Thousands of backends may be asked so each few seconds, and
 * garbage costs more than the work: it has no timer, closure or list of its own.
 */
class TcpProbe extends Socket {
  /** Those that nothing has come of yet. One timer looks for the late ones, and none runs while there are none. */
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
    // Nothing will be read: then Node does not begin to, either.
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

  /** Its end, not a reset, which would be no cheaper: one that comes unheeded ends a backend that is a bare Node server. */
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
