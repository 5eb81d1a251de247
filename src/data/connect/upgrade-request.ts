import { type ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createProxyServer } from 'http-proxy';
import { ProxyError } from '../errors.ts';
import { CHUNKED, type HeadRules } from '../message/head.ts';
import type { RequestHead } from '../message/request-head.ts';
import { listedResponseHead, type ResponseHead } from '../message/response-head.ts';
import type { Exchange } from '../proxy/exchange.ts';
import { addedFields, targetOf } from '../proxy/forwarded.ts';
import { safely } from '../safely.ts';
import type { BackendState } from '../upstream/backend-state.ts';

/** The type that http-proxy wants of a client's connection. */
type HttpSocket = IncomingMessage['socket'];

const NO_BYTES = Buffer.alloc(0);
const NOT_ASKED = new ProxyError('bad-response', '101 to a protocol that was not asked for');

/** Hears what becomes of an upgrade request. */
export interface UpgradeEvents {
  onConnect(): void;
  /** More of the request's body may be written. */
  onDrain(): void;
  onError(error: NodeJS.ErrnoException): void;
  /** Any response but a 101. */
  onRefusal(response: IncomingMessage): void;
  /** A 101; false when it is not accepted. */
  onSwitch(response: IncomingMessage, backend: Duplex): boolean;
  /** The 101 was passed on, and the two sockets were joined by pipes. */
  onJoined(): void;
  /** A callback threw. */
  onBroken(error: unknown): void;
}

/** Sends the head of a request by http-proxy; its body and its end are written to what this returns. */
export function sendUpgrade(
  exchange: Exchange,
  backend: BackendState,
  maxHeaderSize: number,
  events: UpgradeEvents,
): ClientRequest {
  const client = exchange.downstream.transport.stream as HttpSocket;
  const proxy = createProxyServer();
  let sent: ClientRequest | undefined;
  proxy.on('error', () => {});
  proxy.on(
    'open',
    safely(events, () => events.onJoined()),
  );
  proxy.on('proxyReqWs', (request) => {
    sent = request;
    // http-proxy ends the request at once, but its body is still to come.
    request.end = () => request;
  });
  // After an error http-proxy would end the client's connection, on which the client is still to be answered.
  client.destroySoon = () => {};
  // Each attempt leaves its listeners on the client's connection.
  client.setMaxListeners(0).setDefaultEncoding('latin1');
  const { host, port } = backend.backend.address;
  const options = {
    target: { host, port, protocol: 'http:' },
    toProxy: true,
    method: exchange.head.method,
    headers: upgradeFields(exchange, backend),
    // http-proxy passes these options on to the request that it makes.
    ssl: { maxHeaderSize },
  };
  proxy.ws(webSocketRequest(exchange, client), client, NO_BYTES, options, (error) =>
    // Later, when http-proxy has done with the failed attempt.
    process.nextTick(safely(events, () => events.onError(error))),
  );
  const request = sent as unknown as ClientRequest;
  Reflect.deleteProperty(request, 'end');
  listen(request, events);
  return request;
}

/** Hears the backend's answer in place of http-proxy, which is left to join the sockets. */
function listen(request: ClientRequest, events: UpgradeEvents): void {
  const onConnect = safely(events, () => events.onConnect());
  request.once('socket', (socket) => socket.once('connect', onConnect));
  request.on(
    'drain',
    safely(events, () => events.onDrain()),
  );
  // http-proxy would send on a refusal without heeding whether the client takes it, and not notice when it breaks off.
  const onRefusal = safely(events, (response: IncomingMessage) => events.onRefusal(response));
  request.removeAllListeners('response').on('response', onRefusal);
  const joining = request.listeners('upgrade');
  request.removeAllListeners('upgrade').on('upgrade', (response, socket, rest) => {
    let isTaken = false;
    const offer = () => {
      isTaken = events.onSwitch(response, socket);
    };
    safely(events, offer)();
    if (!isTaken) socket.on('error', () => {}).destroy();
    else for (const join of joining) join.call(request, response, socket, rest);
  });
}

/** Takes away our `destroySoon`, so that the method of the class shows again: http-proxy no longer ends the connection. */
export function showDestroySoon(stream: Duplex): void {
  Reflect.deleteProperty(stream, 'destroySoon');
}

/**
 * The request that http-proxy is shown. It takes GET and WebSocket alone, while other protocols upgrade in just the same way.
 * The request that it sends has the method and the headers of its options.
 */
function webSocketRequest(exchange: Exchange, socket: HttpSocket): IncomingMessage {
  const request = new IncomingMessage(socket);
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.httpVersion = '1.1';
  request.method = 'GET';
  request.url = targetOf(exchange);
  request.headers = { upgrade: 'websocket' };
  return request;
}

/** The validated headers, and those that we add, by name. */
function upgradeFields(exchange: Exchange, backend: BackendState): Record<string, string | string[]> {
  const { head } = exchange;
  const fields = fieldsByName(head.lines(addedFields(exchange, backend)));
  if (head.length === CHUNKED) fields['transfer-encoding'] = 'chunked';
  return { ...fields, connection: 'Upgrade', upgrade: head.upgrade };
}

/** @param lines names and values by turns, as `Head.lines` returns them */
function fieldsByName(lines: readonly string[]): Record<string, string | string[]> {
  // Without a prototype: `constructor` is a name like any other.
  const fields: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < lines.length; i += 2) {
    const [name, value] = [lines[i] as string, lines[i + 1] as string];
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

/** The head of a response that Node.js has read, judged like every other. */
export function headOf(
  response: IncomingMessage,
  method: string,
  rules: HeadRules,
): ResponseHead | ProxyError {
  const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
  const line = `HTTP/${httpVersion} ${statusCode} ${statusMessage}\r\n`;
  return listedResponseHead(line, rawHeaders, method, rules);
}

/**
 * What is wrong with a 101; undefined when nothing is. A backend may only switch to a protocol that was asked for (RFC 9110,
 * section 7.8).
 */
export function whyNotSwitch(
  response: IncomingMessage,
  { method, upgrade }: RequestHead,
  rules: HeadRules,
): ProxyError | undefined {
  const head = headOf(response, method, rules);
  if (head instanceof ProxyError) return head;
  const asked = upgrade.split(',').map((protocol) => protocol.trim());
  const switched = (response.headers.upgrade ?? '').toLowerCase().split(',');
  const isAsked = switched.every((protocol) => asked.includes(protocol.trim()));
  return isAsked ? undefined : NOT_ASKED;
}

/**
 * Edits a 101 for the client: the filters of the route change it, but not the lines that make it a 101.
 * @param cookie a whole Set-Cookie line, or empty
 */
export function editSwitch(
  response: IncomingMessage,
  { head: { method }, filtering }: Exchange,
  cookie: string,
  rules: HeadRules,
): void {
  const { headers } = response;
  if (filtering !== undefined) {
    const head = headOf(response, method, rules) as ResponseHead;
    const fields = fieldsByName(head.lines(filtering.onResponse(head)));
    const { connection = 'Upgrade', upgrade = '' } = headers;
    response.headers = { ...fields, connection, upgrade };
  }
  if (cookie === '') return;
  const line = cookie.slice('Set-Cookie: '.length, -2);
  response.headers['set-cookie'] = [response.headers['set-cookie'] ?? [], line].flat();
}
