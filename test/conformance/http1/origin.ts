import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

/** A request as llhttp read it. */
export interface Arrived {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly body: string;
  readonly trailers: readonly string[];
  /** Header lines, the names in lower case. */
  readonly fields: readonly string[];
}

/** The strict server behind the proxy: what it reads is what llhttp makes of the proxy's bytes. */
export interface Origin {
  readonly port: number;
  /** Whole requests, in the order in which they were answered. */
  readonly arrived: Arrived[];
  /** Why it could not read what it was sent. */
  readonly errors: string[];
}

/** A connection that breaks off within a message: no fault of the message. */
const BREAKS = new Set(['ECONNRESET', 'HPE_INVALID_EOF_STATE', 'EPIPE']);

/** Answers each whole request with its target and the length of its body, so that no answer fits another request. */
export async function startOrigin(t: Pick<Test, 'teardown'>): Promise<Origin> {
  const arrived: Arrived[] = [];
  const errors: string[] = [];
  const server = createServer({ insecureHTTPParser: false, keepAliveTimeout: 0 }, (request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk) => (body += chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const { method = '', url: target = '', rawTrailers } = request;
      arrived.push({
        method,
        target,
        host: request.headers.host ?? '',
        body,
        trailers: pairs(rawTrailers).map(([name, value]) => `${name}: ${value}`),
        fields: pairs(request.rawHeaders).map(([name, value]) => `${name.toLowerCase()}: ${value}`),
      });
      response.end(answerTo(target, body.length));
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!BREAKS.has(error.code ?? '')) errors.push(error.code ?? error.message);
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, arrived, errors };
}

/** Names and values that stand in turn. */
function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, raw[i + 1] ?? '']] : []));
}

export const answerTo = (target: string, bodyLength: number) => `${target} ${bodyLength}`;
