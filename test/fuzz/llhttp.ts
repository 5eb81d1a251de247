import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';

/** A message as llhttp, the strict parser of Node, reads it. */
export interface Seen {
  /** Method and target, or the status. */
  readonly start: string;
  /** Names and values in turns, as they came. */
  readonly fields: readonly string[];
  readonly body: string;
}

export interface SeenByLlhttp {
  /** Whole messages, in order. */
  readonly messages: readonly Seen[];
  /** Why it reads no further. */
  readonly error: string;
}

/** A connection of which only one end exists: what is pushed is read, what is written is dropped. */
class Injected extends Duplex {
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** What the parser tells besides its code. */
type ParserError = NodeJS.ErrnoException & { readonly reason?: string };

const reasonOf = ({ code, reason, message }: ParserError) => `${code ?? message} ${reason ?? ''}`.trim();

interface Collecting {
  readonly messages: Seen[];
  error: string;
}

const collectings = new WeakMap<Duplex, Collecting>();
const LIMITS = { insecureHTTPParser: false, maxHeaderSize: 65_536 } as const;

const server = createServer(
  // No timers: nothing here takes time.
  {
    ...LIMITS,
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    connectionsCheckingInterval: 2 ** 30,
  },
  (request) => {
    const collecting = collectings.get(request.socket as unknown as Duplex);
    if (collecting !== undefined) collect(request, `${request.method} ${request.url}`, collecting);
  },
);
server.maxHeadersCount = 0;
server.on('clientError', (error: ParserError, socket) => {
  const collecting = collectings.get(socket);
  if (collecting !== undefined) collecting.error ||= reasonOf(error);
});

function collect(message: IncomingMessage, start: string, { messages }: Collecting): void {
  let body = '';
  message.setEncoding('latin1').on('data', (chunk) => {
    body += chunk;
  });
  message.on('error', () => {});
  message.on('end', () => messages.push({ start, fields: message.rawHeaders, body }));
}

/** Lets streams hand on what they have: they wait for ticks, never for time. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** The requests that llhttp reads of the bytes of a connection. */
export async function requestsByLlhttp(text: string): Promise<SeenByLlhttp> {
  const socket = new Injected();
  const collecting: Collecting = { messages: [], error: '' };
  collectings.set(socket, collecting);
  socket.on('error', () => {});
  server.emit('connection', socket);
  socket.push(Buffer.from(text, 'latin1'));
  await settled();
  // Whatever is open now is not whole.
  const seen = { messages: [...collecting.messages], error: collecting.error };
  socket.destroy();
  return seen;
}

/** The responses, interim ones too, that llhttp reads of the bytes that answer one request. */
export async function responsesByLlhttp(text: string, method: string): Promise<SeenByLlhttp> {
  const socket = new Injected();
  const collecting: Collecting = { messages: [], error: '' };
  const fail = (error: ParserError) => {
    collecting.error ||= reasonOf(error);
  };
  const request = httpRequest({ ...LIMITS, method, agent: undefined, createConnection: () => socket });
  request.maxHeadersCount = 0;
  request.on('information', ({ statusCode, rawHeaders }) =>
    collecting.messages.push({ start: String(statusCode), fields: rawHeaders, body: '' }),
  );
  // It tells of a 100 elsewhere than of the others.
  request.on('continue', () => {});
  request.on('response', (response) => collect(response, String(response.statusCode), collecting));
  request.on('error', fail).on('upgrade', () => fail(new Error('upgrade')));
  request.end();
  await settled();
  socket.push(Buffer.from(text, 'latin1'));
  socket.push(null);
  await settled();
  await settled();
  const seen = { messages: [...collecting.messages], error: collecting.error };
  socket.destroy();
  return seen;
}
