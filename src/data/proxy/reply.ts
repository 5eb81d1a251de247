import { STATUS_CODES } from 'node:http';
import type { ProxyError } from './errors.ts';

/** A whole response of our own. */
export interface Reply {
  readonly status: number;
  /** Header lines, each with its CRLF. */
  readonly fields: string;
  readonly body: Buffer;
}

/** Seconds after which a client may try again when no backend was available, or it has too much at a time. */
const RETRY_AFTER = 5;

/** What people read of an error whose reason lies inside: enough to act on, nothing about the inside. */
const EXPLANATIONS: Readonly<Record<number, string>> = {
  404: 'No route leads from this address to a service.',
  408: 'The request did not arrive in time.',
  500: 'Something went wrong in the proxy.',
  502: 'The service gave no usable answer.',
  503: 'The service is not available right now. Please try again soon.',
  504: 'The service did not answer in time.',
};

/** The response to an error: a page, JSON or a line of text, by what the client accepts. */
export function errorReply(error: ProxyError, accept: string, requestId: string): Reply {
  const { status } = error;
  const explanation =
    error.side === 'downstream' && status !== 404 && status !== 408 ? error.detail : EXPLANATIONS[status];
  return statusReply(status, explanation ?? error.detail, accept, requestId);
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
