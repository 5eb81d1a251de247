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

/** What http-proxy calls a client's connection. */
type HttpSocket = IncomingMessage['socket'];

const NO_BYTES = Buffer.alloc(0);
const NOT_ASKED = new ProxyError('bad-response', '101 to a protocol that was not asked for');

/** Who hears what becomes of a request for another protocol. */
export interface UpgradeEvents {
  onConnect(): void;
  /** More of its body may be written. */
  onDrain(): void;
  onError(error: NodeJS.ErrnoException): void;
  /** Any response but a 101. */
  onRefusal(response: IncomingMessage): void;
  /** A 101; false when it is not taken. */
  onSwitch(response: IncomingMessage, backend: Duplex): boolean;
  /** The 101 was passed on, and the two sockets were joined by pipes. */
  onJoined(): void;
  /** One of these threw. */
  onBroken(error: unknown): void;
}

/** Sends a request by http-proxy, but for its body and its end. */
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
    // It would be whole without its body, which is still to come.
    request.end = () => request;
  });
  // After an error http-proxy would end the client's connection, on which the client has yet to be answered.
  client.destroySoon = () => {};
  // Each try leaves its listeners behind.
  client.setMaxListeners(0).setDefaultEncoding('latin1');
  const { host, port } = backend.backend.address;
  const options = {
    target: { host, port, protocol: 'http:' },
    toProxy: true,
    method: exchange.head.method,
    headers: upgradeFields(exchange, backend),
    // What its request is made of.
    ssl: { maxHeaderSize },
  };
  proxy.ws(webSocketRequest(exchange, client), client, NO_BYTES, options, (error) =>
    // Later, when http-proxy is through with the failed try.
    process.nextTick(safely(events, () => events.onError(error))),
  );
  const request = sent as unknown as ClientRequest;
  Reflect.deleteProperty(request, 'end');
  listen(request, events);
  return request;
}

/** Hears an answer before http-proxy does. */
function listen(request: ClientRequest, events: UpgradeEvents): void {
  const onConnect = safely(events, () => events.onConnect());
  request.once('socket', (socket) => socket.once('connect', onConnect));
  request.on(
    'drain',
    safely(events, () => events.onDrain()),
  );
  // A refusal it would send without heeding whether the client takes it, and not notice when it breaks off.
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

/** The method of the class shows again: the client's connection is no longer http-proxy's to end. */
export function showDestroySoon(stream: Duplex): void {
  Reflect.deleteProperty(stream, 'destroySoon');
}

/**
 * What http-proxy asks to see: it takes GET and WebSocket alone, while other protocols upgrade in just the same
 * way. The request that it sends has the method and the headers of its options.
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

/** The validated headers with those that we add, by name. */
function upgradeFields(exchange: Exchange, backend: BackendState): Record<string, string | string[]> {
  const { head } = exchange;
  const fields = fieldsByName(head.lines(addedFields(exchange, backend)));
  if (head.length === CHUNKED) fields['transfer-encoding'] = 'chunked';
  return { ...fields, connection: 'Upgrade', upgrade: head.upgrade };
}

/** @param lines names and values in turns, as `Head.lines` */
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

/** A response's head, judged as every other. */
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
 * What is wrong with a 101; undefined when nothing is. It may only switch to what was asked for (RFC 9110, section 7.8).
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
 * A 101 as it goes to the client: as the filters of the route let it go, but for what makes it one.
 * @param cookie a whole Set-Cookie line, or nothing
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
