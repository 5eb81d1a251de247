import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request of a writer, as the model sees it. Times are steps of one counter. */
export interface Write {
  readonly id: number;
  readonly method: 'PUT' | 'DELETE' | 'POST' | 'PATCH';
  readonly key: string;
  readonly beganAt: number;
  /** When the client was told that it is done; undefined while it was not. */
  ackedAt: number | undefined;
}

/** What all replicas write to, and what is said of it afterwards. */
export class ModelStore {
  readonly writes: Write[] = [];
  /** How often each write was done, by its id. */
  readonly done: number[] = [];
  /** The write that each key has its value of. */
  readonly #last = new Map<string, number>();
  #step = 0;

  begin(method: Write['method'], key: string): Write {
    const write: Write = { id: this.writes.length, method, key, beganAt: this.#step++, ackedAt: undefined };
    this.writes.push(write);
    return write;
  }

  acknowledge(write: Write): void {
    write.ackedAt = this.#step++;
  }

  apply(id: number): void {
    this.done[id] = (this.done[id] ?? 0) + 1;
    const { key } = this.writes[id] as Write;
    this.#last.set(key, id);
  }

  /** What must not be, each in a sentence; empty is as it should be. */
  faults(): string[] {
    const faults: string[] = [];
    for (const { id, method, ackedAt } of this.writes) {
      const times = this.done[id] ?? 0;
      if (ackedAt !== undefined && times === 0) faults.push(`${method} ${id} was acknowledged and not done`);
      if (times > 1 && (method === 'POST' || method === 'PATCH'))
        faults.push(`${method} ${id} was done ${times} times`);
    }
    for (const [key, id] of this.#last) {
      const { ackedAt } = this.writes[id] as Write;
      const newer = this.writes.find(
        (write) => write.key === key && write.ackedAt !== undefined && write.beganAt > (ackedAt ?? Infinity),
      );
      if (newer !== undefined) faults.push(`${key} has what ${id} wrote: ${newer.id} came later and is lost`);
    }
    return faults;
  }
}

/**
 * What a replica does with a request:
 * - `well`: does it and answers
 * - `paused`: neither, before it goes on
 * - `fails`: does it and answers 503
 * - `gateway`: answers 504, and does it later
 * - `cuts`: cuts the connection, and does it later
 * - `dies`: cuts the connection, and never does it
 */
export const MODES = ['well', 'paused', 'fails', 'gateway', 'cuts', 'dies'] as const;
export type Mode = (typeof MODES)[number];

interface Taken {
  readonly id: number;
  readonly response: ServerResponse;
}

/** A backend that writes to the store of all. */
export class Replica {
  readonly port: number;
  #mode: Mode = 'well';
  readonly #store: ModelStore;
  readonly #taken: Taken[] = [];
  readonly #sockets: Set<Socket>;
  readonly close: () => void;

  private constructor(
    store: ModelStore,
    port: number,
    sockets: Set<Socket>,
    close: () => void,
    listen: (take: (taken: Taken) => void) => void,
  ) {
    this.#store = store;
    this.port = port;
    this.#sockets = sockets;
    this.close = close;
    listen((taken) => this.#take(taken));
  }

  static async start(store: ModelStore): Promise<Replica> {
    let take: (taken: Taken) => void = () => {};
    const server = createServer((request: IncomingMessage, response) => {
      const id = Number(request.headers['x-id']);
      request.resume().on('end', () => take({ id, response }));
    });
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const close = () => {
      server.close();
      server.closeAllConnections();
    };
    const { port } = server.address() as AddressInfo;
    return new Replica(store, port, sockets, close, (handler) => {
      take = handler;
    });
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    // What it took before happens to that, too.
    for (const taken of this.#taken.splice(0)) this.#take(taken);
    if (mode === 'cuts' || mode === 'dies') for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #take(taken: Taken): void {
    const { id, response } = taken;
    switch (this.#mode) {
      case 'well':
        this.#store.apply(id);
        response.end();
        break;
      case 'fails':
        this.#store.apply(id);
        response.writeHead(503).end();
        break;
      case 'paused':
        this.#taken.push(taken);
        break;
      case 'gateway':
        this.#later(id);
        response.writeHead(504).end();
        break;
      case 'cuts':
        this.#later(id);
        response.destroy();
        break;
      case 'dies':
        response.destroy();
    }
  }

  /** Nobody waits for it any more, and it is done all the same. */
  #later(id: number): void {
    const unheard = { end: () => {}, writeHead: () => unheard, destroy: () => {} };
    this.#taken.push({ id, response: unheard as unknown as ServerResponse });
  }
}
