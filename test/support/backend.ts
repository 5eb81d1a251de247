import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** A backend that counts what reaches it. */
export interface TestBackend {
  readonly name: string;
  readonly port: number;
  /** Requests so far, in the order of their arrival. */
  readonly requests: {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
  }[];
  readonly server: Server;
  /** Ends it at once, connections and all. */
  kill(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP backend on a free port, gone at the end of the test. Without a handler it answers its name. */
export async function startBackend(t: Test, name: string, handler?: Handler): Promise<TestBackend> {
  const requests: TestBackend['requests'] = [];
  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    // By this a load tells its own answer from another request's.
    const { 'x-load-id': load } = request.headers;
    if (load !== undefined) response.setHeader('x-load-id', load);
    if (handler !== undefined) handler(request, response);
    else request.resume().on('end', () => response.end(name));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kill = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.teardown(kill);
  return { name, port: (server.address() as AddressInfo).port, requests, server, kill };
}

/** A backend that speaks in bytes: every connection is the handler's. */
export async function startRawBackend(
  t: Test,
  onConnection: (socket: Socket) => void,
): Promise<{ readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port };
}

/** A raw backend that answers every request head with the same bytes. */
export function startCannedBackend(t: Test, answer: string): Promise<{ readonly port: number }> {
  return startRawBackend(t, (socket) => {
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      for (let end = seen.indexOf('\r\n\r\n'); end !== -1; end = seen.indexOf('\r\n\r\n')) {
        seen = seen.slice(end + 4);
        socket.write(answer, 'latin1');
      }
    });
  });
}

/** A port that nobody listens on: it was free a moment ago. */
export async function deadPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
