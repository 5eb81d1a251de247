import type { Socket } from 'node:net';
import type { Test } from 'tap';
import { startRawBackend } from '../../support/backend.ts';
import { answerTo } from './origin.ts';

/** What an origin answers to what is no canary: pieces, each read by itself, and then how it ends. */
export interface Script {
  readonly pieces: readonly Buffer[];
  readonly after: 'open' | 'fin' | 'reset';
}

export interface RawConnection {
  isClosed: boolean;
  /** Targets of the requests that came on it. */
  readonly targets: string[];
}

/** An origin that answers in bytes, whatever they are. */
export interface RawOrigin {
  readonly port: number;
  script: Script;
  readonly connections: RawConnection[];
  /** The script was written to its end, as often as this. */
  played: number;
}

export async function startRawOrigin(t: Test): Promise<RawOrigin> {
  const connections: RawConnection[] = [];
  const { port } = await startRawBackend(t, (socket) => {
    const connection: RawConnection = { isClosed: false, targets: [] };
    connections.push(connection);
    socket.setNoDelay(true).on('close', () => (connection.isClosed = true));
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      for (let end = seen.indexOf('\r\n\r\n'); end !== -1; end = seen.indexOf('\r\n\r\n')) {
        const target = seen.split(' ', 2)[1] ?? '';
        // Bodies are not read: what is looked for is the next head.
        seen = seen.slice(end + 4);
        if (!target.startsWith('/')) continue;
        connection.targets.push(target);
        if (target.startsWith('/canary/')) socket.write(canned(target), 'latin1');
        else void play(origin, socket);
      }
    });
  });
  const origin: RawOrigin = { port, connections, script: { pieces: [], after: 'open' }, played: 0 };
  return origin;
}

function canned(target: string): string {
  const body = answerTo(target, 0);
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function play(origin: RawOrigin, socket: Socket): Promise<void> {
  const { pieces, after } = origin.script;
  for (const piece of pieces) {
    socket.write(piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (after === 'fin') socket.end();
  // Not over bytes that were not sent yet.
  else if (after === 'reset') socket.write('', () => setImmediate(() => socket.resetAndDestroy()));
  origin.played++;
}
