import type { Test } from 'tap';
import { startRawBackend } from './backend.ts';
import { RawClient } from './client.ts';

/** A backend that does nothing by itself: tests read and write its connections. */
export interface ManualBackend {
  readonly port: number;
  /** In the order in which they came. */
  readonly connections: RawClient[];
  /** Waits for the connection of that number, from 0. */
  connection(index: number): Promise<RawClient>;
  /** Waits for the head of a request on the connection of that number, and answers the bytes so far. */
  head(index: number): Promise<string>;
}

export async function startManualBackend(t: Test): Promise<ManualBackend> {
  const connections: RawClient[] = [];
  let wake: (() => void)[] = [];
  const { port } = await startRawBackend(t, (socket) => {
    connections.push(new RawClient(socket));
    for (const run of wake) run();
    wake = [];
  });
  const connection = async (index: number): Promise<RawClient> => {
    for (;;) {
      const found = connections[index];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => wake.push(resolve));
    }
  };
  const head = async (index: number) =>
    (await connection(index)).until((received) => received.includes('\r\n\r\n'), 'a head');
  return { port, connections, connection, head };
}

/** A response with a length. */
export const okText = (body: string, ...lines: string[]) =>
  `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}Content-Length: ${body.length}\r\n\r\n${body}`;

/** A backend whose answer to every request is the request's own head, byte for byte. */
export async function startMirror(t: Test): Promise<{ readonly port: number }> {
  return startRawBackend(t, (socket) => {
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      for (let end = seen.indexOf('\r\n\r\n'); end !== -1; end = seen.indexOf('\r\n\r\n')) {
        socket.write(okText(seen.slice(0, end + 4)), 'latin1');
        seen = seen.slice(end + 4);
      }
    });
  });
}
