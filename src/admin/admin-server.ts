import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Address, ListenError } from '../model/address.ts';
import type { Explanation, Unexplained } from '../model/explanation.ts';
import { visible } from '../model/visible.ts';
import { internalErrors } from '../telemetry/internal-errors.ts';
import { ADMIN_LIMITS, type AdminLimits, limitConnections } from './connections.ts';
import { type Gate, guard, READS, WRITES } from './gate.ts';
import { type StateView, stateOf } from './state.ts';
import { type OrderBackend, takeOrder } from './take-order.ts';
import { Tries } from './tries.ts';

/** What the admin address can tell. Each part is read when a request asks for it. */
export interface AdminView extends StateView {
  /** The name that this Fairlead has in the Via of the requests that it forwards. */
  readonly instance: string;
  /** Brings the counts of workers up to date. */
  refresh(): Promise<void>;
  /** All metrics in Prometheus' text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Explains a container (by name or id), a service, a backend or a URL. */
  explain(subject: string): Explanation | Unexplained;
  /** The certificate of the internal authority's root, as PEM; undefined where there is none. */
  authority(): string | undefined;
  /** Carries out a person's order, which is the only change that can be made here. */
  order: OrderBackend;
  /** What `/readyz` answers, for whoever sends requests only to a ready Fairlead. */
  readiness(): Readiness;
}

export interface Readiness {
  /** Whether enough is known and requests are taken. */
  readonly isReady: boolean;
  /** Sources that were never heard, with the reason. */
  readonly unheard: readonly { readonly source: string; readonly reason: string }[];
}

export interface AdminServer {
  readonly address: Address;
  /** Changes the token that requests must have; undefined asks for none. */
  askFor(token: string | undefined): void;
  close(): void;
}

interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
}

/** The interval at which late requests are looked for, in milliseconds. */
const CHECK_MS = 1_000;

/** With these headers the page loads only from this origin, runs no inline code, and cannot be framed. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';

/** Serves dashboard, API and metrics. Rejects with a sentence for people when the address cannot be listened on. */
export async function startAdmin(
  address: Address,
  token: string | undefined,
  view: AdminView,
  limits: AdminLimits = ADMIN_LIMITS,
): Promise<AdminServer> {
  const gate: Gate = { token, tries: new Tries(() => performance.now()) };
  const server = createServer({ connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    respond(request, response, gate, view).catch((error) => {
      internalErrors.report('admin', error);
      response.destroy();
    });
  });
  limitConnections(server, limits);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError({ name: 'admin', address }, error)));
    server.listen(address.port, address.host, resolve);
  });
  // An error such as a lack of file descriptors passes, and the next connection may be accepted again.
  server.on('error', () => {});
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: address.host, port },
    askFor(other) {
      gate.token = other;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
  view: AdminView,
): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(request, response, gate, view);
  } catch (error) {
    internalErrors.report('admin', error);
    answer = { status: 500, type: TEXT_TYPE, body: `${visible((error as Error).message)}\n` };
  }
  response.writeHead(answer.status ?? 200, { ...HEADERS, 'Content-Type': answer.type });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

async function answerTo(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
  view: AdminView,
): Promise<Answer> {
  // A request that Fairlead forwarded came here because of a label, and whoever sets labels may not give orders.
  if (request.headers.via?.includes(view.instance))
    return {
      status: 508,
      type: TEXT_TYPE,
      body: 'what comes through Fairlead itself is not answered here\n',
    };
  const url = URL.parse(request.url ?? '/', 'http://admin');
  // Some targets make no URL, such as `//`, in which the host is missing.
  if (url === null) return { status: 400, type: TEXT_TYPE, body: 'that is no path\n' };
  const probed = probeAnswer(url.pathname, view, gate);
  if (probed !== undefined) return probed;
  const isOrder = url.pathname === '/api/backends';
  const refused = guarded(request, response, gate, isOrder ? WRITES : READS);
  if (refused !== undefined) return refused;
  if (!isOrder) return page(url, view);
  const { status, body } = await takeOrder(request, view.order);
  return { status, type: JSON_TYPE, body: `${toJson(body)}\n` };
}

/**
 * Answers `/healthz` and `/readyz` for orchestrators, which have no token. Where a token is needed the answer tells no more
 * than which sources are missing.
 */
function probeAnswer(path: string, view: AdminView, gate: Gate): Answer | undefined {
  if (path === '/healthz') return { type: TEXT_TYPE, body: 'ok\n' };
  if (path !== '/readyz') return undefined;
  const { isReady, unheard } = view.readiness();
  const lines = unheard.map(({ source, reason }) => {
    const line = `${source} was never heard`;
    return gate.token === undefined ? `${line} (${reason})` : line;
  });
  const body = [isReady ? 'ready' : 'not ready', ...lines, ''].map(visible).join('\n');
  return { status: isReady ? 200 : 503, type: TEXT_TYPE, body };
}

function guarded(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
  methods: readonly string[],
): Answer | undefined {
  const refusal = guard(request, gate, methods);
  if (refusal === undefined) return undefined;
  if (refusal.status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="Fairlead"');
  if (refusal.retryAfter !== undefined) response.setHeader('Retry-After', refusal.retryAfter);
  if (refusal.status === 405) response.setHeader('Allow', methods.join(', '));
  return { status: refusal.status, type: TEXT_TYPE, body: `${refusal.message}\n` };
}

async function page(url: URL, view: AdminView): Promise<Answer> {
  switch (url.pathname) {
    case '/':
      return { type: 'text/html; charset=utf-8', body: asset('index.html') };
    case '/app.js':
      return { type: 'text/javascript; charset=utf-8', body: asset('app.js') };
    case '/style.css':
      return { type: 'text/css; charset=utf-8', body: asset('style.css') };
    // Browsers ask for this by themselves.
    case '/favicon.ico':
    case '/icon.svg':
      return { type: 'image/svg+xml', body: asset('icon.svg') };
    case '/metrics': {
      await view.refresh();
      const { contentType, text } = await view.metrics();
      return { type: contentType, body: text };
    }
    case '/api/snapshot':
      await view.refresh();
      return { type: JSON_TYPE, body: toJson(stateOf(view)) };
    case '/api/certificates':
      return { type: JSON_TYPE, body: `${toJson({ now: view.now(), certificates: view.certificates() })}\n` };
    case '/api/ca.pem':
      return authority(view);
    case '/api/explain':
      return explain(url.searchParams.get('subject') ?? '', view);
    default:
      return {
        status: 404,
        type: TEXT_TYPE,
        body: 'not found; there are /, /metrics, /healthz, /readyz, /api/snapshot, /api/explain?subject=, /api/certificates, /api/ca.pem, and POST /api/backends\n',
      };
  }
}

function authority(view: AdminView): Answer {
  const body = view.authority();
  if (body !== undefined) return { type: 'application/x-pem-file', body };
  return {
    status: 404,
    type: TEXT_TYPE,
    body: 'there is no internal authority: https is off, or its folder cannot be used\n',
  };
}

function explain(subject: string, view: AdminView): Answer {
  const found = view.explain(subject);
  if ('error' in found) return { status: 404, type: JSON_TYPE, body: toJson({ error: found.error }) };
  return { type: JSON_TYPE, body: toJson({ lines: found.lines, routed: found.isRouted }) };
}

function asset(name: string): Buffer {
  return readFileSync(new URL(`dashboard/${name}`, import.meta.url));
}

/** Writes JSON that is safe on a terminal, where people read it by curl: JSON itself does not escape all controls. */
function toJson(value: unknown): string {
  return visible(JSON.stringify(value));
}
