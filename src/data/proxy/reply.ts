import { STATUS_CODES } from 'node:http';
import { shorten } from '../../model/text.ts';
import type { ErrorCode, ProxyError } from '../errors.ts';

/** A whole response of our own. */
export interface Reply {
  readonly status: number;
  /** Header lines, each with its CRLF. */
  readonly fields: string;
  readonly body: Buffer;
}

/** Seconds after which a client may try again when no backend was available, or it has too much at a time. */
const RETRY_AFTER = 5;

const SOON = 'Please try again soon.';

/** What people read of an error whose reason lies inside: enough to know what to look for, nothing about the inside. */
const EXPLANATIONS: Readonly<Partial<Record<ErrorCode, string>>> = {
  misdirected: 'This connection is for another host: ask on a new one.',
  'no-route': 'No route matches this host and path.',
  'head-timeout': 'The request did not arrive in time.',
  'body-timeout': 'The request did not arrive in time.',
  internal: 'Something went wrong in the proxy.',
  'connect-failed': 'The service could not be reached.',
  'turned-away': 'The service closed the connection before it answered.',
  'never-read': 'The service closed the connection before it answered.',
  'stale-connection': 'The service closed the connection before it answered.',
  reset: 'The service closed the connection before it answered.',
  'bad-response': 'The service sent an answer that is no valid HTTP.',
  'retry-status': 'The service gave no usable answer.',
  'gateway-status': 'The service gave no usable answer.',
  unavailable: `No backend of the service is available right now. ${SOON}`,
  busy: `The service has as many requests as it may. ${SOON}`,
  overloaded: `The proxy has as many connections as it may. ${SOON}`,
  exhausted: `The proxy has no connection to the service left. ${SOON}`,
  'drain-over': `The service has been stopped or replaced meanwhile. ${SOON}`,
  'grace-over': `The proxy is stopping. ${SOON}`,
  'connect-timeout': 'The service could not be reached in time.',
  'response-timeout': 'The service did not answer in time.',
  'body-stalled': 'The service did not take the request in time.',
  'request-timeout': 'The service did not answer within the time that it has for a whole request.',
};

/**
 * The response to an error: a page, JSON or a line of text, by what the client accepts.
 * @param host that the client asked for; a mistyped one is the commonest reason for there being no route
 */
export function errorReply(error: ProxyError, accept: string, requestId: string, host = ''): Reply {
  const { status, code, detail } = error;
  const explanation =
    code === 'no-route' && host !== ''
      ? `No route matches the host ${shorten(host)} and this path.`
      : (EXPLANATIONS[code] ?? detail);
  return statusReply(status, explanation, accept, requestId);
}

export function statusReply(status: number, explanation: string, accept: string, requestId: string): Reply {
  const title = STATUS_CODES[status] ?? 'Error';
  const [type, text] = render(status, title, explanation, accept, requestId);
  const retry = status === 503 || status === 429 ? `Retry-After: ${RETRY_AFTER}\r\n` : '';
  return {
    status,
    fields: `Content-Type: ${type}\r\nCache-Control: no-store\r\nX-Request-Id: ${requestId}\r\n${retry}`,
    body: Buffer.from(text),
  };
}

/** A page of the operator's. */
export function pageReply(status: number, page: Buffer, requestId: string): Reply {
  const retry = status === 503 ? `Retry-After: ${RETRY_AFTER}\r\n` : '';
  return {
    status,
    fields: `Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nX-Request-Id: ${requestId}\r\n${retry}`,
    body: page,
  };
}

function render(
  status: number,
  title: string,
  explanation: string,
  accept: string,
  id: string,
): [string, string] {
  if (/\bapplication\/(?:[\w.-]+\+)?json\b/i.test(accept)) {
    const problem = { status, title, detail: explanation, requestId: id };
    return ['application/problem+json', `${JSON.stringify(problem)}\n`];
  }
  if (!/\btext\/html\b/i.test(accept)) {
    return ['text/plain; charset=utf-8', `${status} ${title}: ${explanation}\nrequest ${id}\n`];
  }
  return ['text/html; charset=utf-8', htmlPage(status, title, explanation, id)];
}

function htmlPage(status: number, title: string, explanation: string, id: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${title}</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.25rem; margin: 0 } small { opacity: .6 }
</style>
<h1>${status} ${title}</h1>
<p>${escapeHtml(explanation)}</p>
<small>request ${escapeHtml(id)}</small>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
