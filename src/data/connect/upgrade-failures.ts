import { isExhaustion } from '../../model/exhaustion.ts';
import { ProxyError } from '../errors.ts';

/** How far an upgrade request is; `body` is that of a refusal. */
export type UpgradePhase = 'connecting' | 'head' | 'body' | 'over';

export const CLOSED = new ProxyError('reset', 'the connection was closed');
export const TOO_EARLY = new ProxyError('bad-response', '101 before the end of the request');
export const SWITCHED = new ProxyError('bad-response', '101 without an Upgrade');
const NOT_CONNECTED = new ProxyError('connect-timeout', 'no connection in time (fairlead.timeout.connect)');
const NOT_ANSWERED = new ProxyError(
  'response-timeout',
  'no response to the upgrade in time (fairlead.timeout.response)',
);

/** The error when the time of a phase is over. */
export function lateness(phase: UpgradePhase, idleMs: number): ProxyError {
  if (phase === 'connecting') return NOT_CONNECTED;
  if (phase === 'head') return NOT_ANSWERED;
  return new ProxyError('body-stalled', `the response stalled for ${idleMs} ms (fairlead.timeout.idle)`);
}

/** The error of an upgrade whose request to the backend failed with an error of Node.js. */
export function brokenBy({ code, message, syscall }: NodeJS.ErrnoException, phase: UpgradePhase): ProxyError {
  const reason = code ?? message;
  if (phase === 'connecting' && isExhaustion(code)) return new ProxyError('exhausted', reason);
  if (syscall !== 'connect') return new ProxyError('reset', `${reason} before a response`);
  return code === 'ETIMEDOUT' ? NOT_CONNECTED : new ProxyError('connect-failed', reason);
}
