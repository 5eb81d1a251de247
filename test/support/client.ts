import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import { Agent, request } from 'undici';
import { shorten } from '../../src/model/text.ts';
import { PATIENCE_MS } from './eventually.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

export interface AskOptions {
  readonly host?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

// Each question on a connection of its own. An answer that never comes is a failure, not a wait.
const agent = new Agent({ pipelining: 0, headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS });

/** Sends one request to an origin, or to a port of this machine, and reads the whole response. */
export async function ask(target: string | number, options: AskOptions = {}): Promise<Answer> {
  const { host = 'test.localhost', path = '/', method = 'GET', headers = {}, body } = options;
  const origin = typeof target === 'number' ? `http://127.0.0.1:${target}` : target;
  const response = await request(`${origin}${path}`, {
    method: method as 'GET',
    headers: { host, ...headers },
    dispatcher: agent,
    reset: true,
    ...(body !== undefined && { body }),
  });
  return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
}

/** A client that speaks in bytes. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that came, as latin1. */
  received = '';
  isClosed = false;
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.#notify();
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#notify();
    });
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until what was received fits, or fails after a while. */
  async until(fits: (received: string) => boolean, what: string): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!fits(this.received)) {
      if (this.isClosed) throw new Error(`closed before ${what}; received ${this.#shown}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${what} in time; received ${this.#shown}`);
      await this.#change(left);
    }
    return this.received;
  }

  /** Waits until the other side has closed, and answers all that it sent. */
  async untilClosed(): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!this.isClosed) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`not closed in time; received ${this.#shown}`);
      await this.#change(left);
    }
    return this.received;
  }

  get #shown(): string {
    return shorten(JSON.stringify(this.received.slice(0, 4_000)), 2_000);
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A raw connection to a port of this machine, gone at the end of the test. */
export async function connectRaw(t: Test, port: number): Promise<RawClient> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const client = new RawClient(socket);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  t.teardown(() => socket.destroy());
  return client;
}

/**
 * Resets a connection, in whatever state it is. The runtime cannot while it is sending the connection's end: it would
 * lose the handle, and never be done with its own exit.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** Whether nobody takes connections on a port. */
export async function isRefused(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}
