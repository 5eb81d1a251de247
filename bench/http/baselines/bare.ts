// The least that a proxy on Node's sockets can do: it finds where requests and responses end, and passes on their bytes.
// It believes whatever it reads: nothing is checked, limited, timed, counted or tried again, and headers are spelled as
// the benchmark's load and backend spell them.
import { connect, createServer, type Socket } from 'node:net';
import { DirectRead, readOn } from '../../../src/data/socket/direct-read.ts';
import { BACKEND_PORTS, PROXY_PORT } from '../ports.ts';

/** Up to this size a message is passed on as text, which the runtime writes faster than a slice of a buffer. */
const TEXT = 4_096;
/** Instead of a number of bytes to come. */
const CHUNKED = Number.POSITIVE_INFINITY;
const LAST_CHUNK = '0\r\n\r\n';

/** Where all sockets of backends read to, and what more than a little of it is copied to before it is written. */
const shared = Buffer.allocUnsafeSlow(32_768);
let tray = Buffer.allocUnsafeSlow(shared.length);
/** Where those that read much read to, each to its own. */
const LARGE = 262_144;
const spare: Buffer[] = [];

const pools: Upstream[][] = BACKEND_PORTS.map(() => []);
let turn = 0;

class Client {
  readonly socket: Socket;
  readonly #forwarded: string;
  upstream: Upstream | undefined = undefined;
  isLast = false;
  /** Bytes of the request to come. */
  #left = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    const address = socket.remoteAddress;
    this.#forwarded = `X-Forwarded-For: ${address}\r\nX-Real-IP: ${address}\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: 127.0.0.1:${PROXY_PORT}\r\nX-Forwarded-Port: ${PROXY_PORT}\r\n\r\n`;
    new DirectRead((chunk) => this.#read(chunk)).begin(socket);
    socket.on('error', () => {});
    socket.on('drain', () => this.upstream?.clientDrained());
    // A second time would make an error, with its stack.
    socket.on('end', () => socket.writableEnded || socket.end());
    socket.on('close', () => this.upstream?.socket.destroy());
  }

  #read(chunk: Buffer): void {
    if (this.#left > 0) return this.#pass(chunk);
    const text = chunk.toString('latin1', 0, Math.min(chunk.length, TEXT));
    const end = text.indexOf('\r\n\r\n') + 2;
    this.#left = lengthIn(text, end);
    const close = text.indexOf('Connection: close\r\n');
    this.isLast = close !== -1;
    turn = turn + 1 === pools.length ? 0 : turn + 1;
    const upstream = pools[turn]?.pop() ?? new Upstream(turn);
    this.upstream = upstream;
    upstream.client = this;
    const { socket } = upstream;
    const lines = this.isLast ? text.slice(0, close) + text.slice(close + 19, end) : text.slice(0, end);
    if (chunk.length === end + 2) socket.write(lines + this.#forwarded, 'latin1');
    else {
      socket.cork();
      socket.write(lines + this.#forwarded, 'latin1');
      this.#pass(chunk.subarray(end + 2));
      socket.uncork();
    }
  }

  #pass(bytes: Buffer): void {
    this.#left -= bytes.length;
    if (this.upstream?.socket.write(bytes) === false) this.socket.pause();
  }
}

class Upstream {
  readonly socket: Socket;
  readonly #pool: Upstream[];
  client: Client | undefined = undefined;
  /** Bytes of the response to come; 0 before its head. */
  #left = 0;
  #own: Buffer | undefined = undefined;
  #lent: Buffer | undefined = undefined;

  constructor(index: number) {
    this.#pool = pools[index] as Upstream[];
    this.socket = connect({
      host: '127.0.0.1',
      port: BACKEND_PORTS[index] as number,
      noDelay: true,
      onread: {
        buffer: () => this.#nextBuffer(),
        callback: (size, buffer) => this.#read(size, buffer as Buffer),
      },
    });
    this.socket.on('error', () => {});
    this.socket.on('drain', () => this.client && readOn(this.client.socket));
    this.socket.on('close', () => this.client?.socket.destroy());
  }

  #read(size: number, buffer: Buffer): boolean {
    const { client } = this;
    if (client === undefined) return true;
    const isHead = this.#left === 0;
    if (isHead) {
      const text = buffer.toString('latin1', 0, Math.min(size, TEXT));
      const end = text.indexOf('\r\n\r\n') + 2;
      this.#left =
        text.lastIndexOf('Transfer-Encoding: chunked', end) === -1 ? end + 2 + lengthIn(text, end) : CHUNKED;
      if (size <= TEXT)
        client.socket.write(client.isLast ? text.replace(/keep-alive/, 'close') : text, 'latin1');
    }
    if (!isHead || size > TEXT) this.#pass(client, buffer, size);
    this.#left -= size;
    if (this.#left === CHUNKED && endsChunks(buffer, size)) this.#left = 0;
    if (this.#left === 0) this.#done(client);
    return true;
  }

  #nextBuffer(): Buffer {
    if (this.#left <= shared.length) return shared;
    this.#own ??= spare.pop() ?? Buffer.allocUnsafeSlow(LARGE);
    return this.#own;
  }

  #pass({ socket }: Client, buffer: Buffer, size: number): void {
    const isShared = buffer === shared;
    if (isShared) buffer.copy(tray, 0, 0, size);
    const hasRoom = socket.write((isShared ? tray : buffer).subarray(0, size));
    if (socket.writableLength === 0) return;
    // What the client did not take stays where it lies until it does.
    if (isShared) tray = Buffer.allocUnsafeSlow(shared.length);
    else {
      this.#own = undefined;
      this.#lent = buffer;
    }
    if (!hasRoom) this.socket.pause();
  }

  clientDrained(): void {
    if (this.#lent !== undefined) spare.push(this.#lent);
    this.#lent = undefined;
    this.socket.resume();
  }

  #done(client: Client): void {
    if (this.#own !== undefined) spare.push(this.#own);
    this.#own = undefined;
    this.#lent = undefined;
    this.client = undefined;
    this.#pool.push(this);
    client.upstream = undefined;
    if (client.isLast) client.socket.end();
  }
}

/** Of the body behind a head that ends at `end`. */
function lengthIn(text: string, end: number): number {
  const at = text.lastIndexOf('Content-Length: ', end);
  return at === -1 ? 0 : Number(text.slice(at + 16, text.indexOf('\r\n', at)));
}

function endsChunks(buffer: Buffer, size: number): boolean {
  return (
    size >= LAST_CHUNK.length && buffer.toString('latin1', size - LAST_CHUNK.length, size) === LAST_CHUNK
  );
}

createServer({ noDelay: true, allowHalfOpen: true }, (socket) => new Client(socket)).listen(
  PROXY_PORT,
  '127.0.0.1',
  4_096,
);
