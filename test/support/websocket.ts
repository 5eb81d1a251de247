import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Test } from 'tap';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { startBackend, type TestBackend } from './backend.ts';

export interface WebSocketBackend extends TestBackend {
  readonly sockets: Set<WebSocket>;
}

/** A backend that speaks WebSocket and echoes every message as it came. */
export async function startWebSocketBackend(
  t: Test,
  name: string,
  onConnection: (socket: WebSocket, request: IncomingMessage) => void = echo,
): Promise<WebSocketBackend> {
  const backend = await startBackend(t, name);
  const server = new WebSocketServer({ server: backend.server, handleProtocols: ([first = '']) => first });
  server.on('connection', (socket, request) => {
    backend.requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    socket.on('error', () => {});
    onConnection(socket, request);
  });
  t.teardown(() => {
    for (const socket of server.clients) socket.terminate();
  });
  return { ...backend, sockets: server.clients };
}

function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

/** A WebSocket through the proxy, once it is open. */
export async function openWebSocket(
  t: Test,
  port: number,
  path = '/',
  protocols: string[] = [],
): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, {
    headers: { host: 'test.localhost' },
  });
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

/** The next message, as bytes. */
export async function nextMessage(
  socket: WebSocket,
): Promise<{ readonly bytes: Buffer; readonly isBinary: boolean }> {
  const [data, isBinary] = await once(socket, 'message');
  return { bytes: toBuffer(data), isBinary };
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

/** The code and reason with which the other side closed. */
export async function closed(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = await once(socket, 'close');
  return [code, String(reason)];
}
