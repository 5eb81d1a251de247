import { connect } from 'node:net';
import { Agent, request } from 'undici';
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

// A connection for each probe: whether the backend still accepts them is part of the question.
const agent = new Agent({ pipelining: 0, connect: { autoSelectFamily: true } });

/** The probe of the check's type. */
export const probe: Probe = (address, check, question = 'check') => {
  if (question === 'life') return probeLife(address, check);
  const target = check.port === undefined ? address : { ...address, port: check.port };
  return check.type === 'http' ? probeHttp(target, check) : probeTcp(target, check.timeoutMs);
};

async function probeHttp(address: Address, check: HealthCheck): Promise<ProbeResult> {
  try {
    const { statusCode, body } = await request(`http://${formatAddress(address)}${check.path}`, {
      method: check.method,
      headers: { host: check.host ?? formatAddress(address), 'user-agent': 'fairlead-health' },
      dispatcher: agent,
      reset: true,
      signal: AbortSignal.timeout(check.timeoutMs),
    });
    // Nobody reads the body; what is left of it ends with the connection.
    body.on('error', () => {}).destroy();
    return { isPass: inRanges(statusCode, check.status), reason: `HTTP ${statusCode}` };
  } catch (error) {
    return failed(error, check.timeoutMs);
  }
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
  return new Promise((resolve) => {
    const socket = connect({ ...address, timeout: timeoutMs });
    // Nothing will be read: then Node does not begin to, either.
    socket.pause();
    const settle = (result: ProbeResult) => {
      resolve(result);
      socket.destroy();
    };
    socket.once('connect', () => settle({ isPass: true, reason: 'connected' }));
    socket.once('timeout', () => settle({ isPass: false, reason: `no connection within ${timeoutMs} ms` }));
    socket.once('error', (error) => settle(failed(error, timeoutMs)));
  });
}

function failed(error: unknown, timeoutMs: number): ProbeResult {
  const isVoid = isExhaustion((error as NodeJS.ErrnoException).code);
  return { isPass: false, reason: explain(error, timeoutMs), ...(isVoid && { isVoid }) };
}

function explain(error: unknown, timeoutMs: number): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to the address';
    case 'ENOTFOUND':
      return 'the name is not known';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection was closed without an answer';
    default:
      return code ?? message;
  }
}
