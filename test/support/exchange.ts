import { Attempt, type AttemptContext, type Upstream } from '../../src/data/proxy/attempt.ts';
import type { Downstream } from '../../src/data/proxy/exchange.ts';
import { Exchange } from '../../src/data/proxy/exchange.ts';
import { ForwardedFields } from '../../src/data/proxy/forwarded.ts';
import { BackendState, type PooledConnection } from '../../src/data/upstream/backend-state.ts';
import type { ServiceState } from '../../src/data/upstream/service-state.ts';
import type { Backend } from '../../src/model/backend.ts';
import { requestHead } from './heads.ts';
import { listenerOn } from './listener.ts';

/** A client that listens to nothing. */
class SilentDownstream implements Downstream {
  readonly peer = '192.0.2.1';
  readonly listener = listenerOn(80);
  readonly forwarded = new ForwardedFields(this.peer, 'http', () => false, 'fairlead-0123abcd');
  destroy(): void {}
  onBroken(error: unknown): void {
    throw error;
  }
  own: Downstream['own'] = undefined;
  inform() {
    return 'taken' as const;
  }
  respond(): void {}
  write(): void {}
  end(): void {}
  flush() {
    return 'taken' as const;
  }
  reply(): void {}
  reset(): void {}
  pauseBody(): void {}
  resumeBody(): void {}
  get transport(): never {
    throw new Error('there is no socket');
  }
  detach(): never {
    throw new Error('there is no socket');
  }
  onClose(): void {}
  exchangeEnded(): void {}
}

/** An exchange with that request head, and a client that listens to nothing. */
export function makeExchange(
  head = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n',
  trusted = false,
): Exchange {
  return new Exchange(new SilentDownstream(), requestHead(head, { trusted }), 0);
}

/** Remembers what it was sent. */
export class RecordingUpstream implements Upstream {
  sent = '';
  isEnded = false;
  trailers = '';
  write(buffer: Buffer, from: number, to: number): void {
    this.sent += buffer.toString('latin1', from, to);
  }
  end(trailers: string): void {
    this.isEnded = true;
    this.trailers = trailers;
  }
  flush() {
    return 'taken' as const;
  }
  abort(): void {}
  resume(): void {}
}

export function makeBackend(name: string, more: Partial<Backend> = {}): Backend {
  return {
    id: `test/${name}`,
    name,
    address: { host: '127.0.0.1', port: 8080 },
    weight: 1,
    backup: false,
    origin: { source: 'test', name },
    ...more,
  };
}

export const makeBackendState = (name: string, more: Partial<Backend> = {}) =>
  new BackendState(makeBackend(name, more));

/** What attempts need: nobody hears of them, and each has an upstream that remembers what it was sent. */
export function makeAttemptContext(more: Partial<AttemptContext> = {}): AttemptContext {
  return {
    connector: { start: () => new RecordingUpstream() },
    watch: { tick: 0, watch: () => {} },
    events: {
      onConnected: () => {},
      onResponse: () => true,
      onComplete: () => {},
      onFailure: () => {},
      onBroken: (_exchange, error) => {
        throw error;
      },
      hedge: () => {},
      tryOut: () => undefined,
    },
    elapsed: () => 0,
    ...more,
  };
}

/** Tests fill backends with thousands of attempts: their head is read, and their context made, once. */
const ANY_HEAD = requestHead('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
const ANY_CONTEXT = makeAttemptContext();

/** An exchange has its place at that backend, until `end`. */
export function occupy(backend: BackendState, service: ServiceState): Attempt {
  return new Attempt(new Exchange(new SilentDownstream(), ANY_HEAD, 0), service, backend, ANY_CONTEXT);
}

/** A connection that only remembers what was done with it. */
export class FakeConnection {
  isRetired = false;
  isDestroyed = false;
  readonly backend: BackendState;
  pool: PooledConnection[] = [];

  constructor(backend: BackendState) {
    this.backend = backend;
    backend.open.add(this);
  }

  retire(): void {
    this.isRetired = true;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.backend.open.delete(this);
  }

  fail(): void {
    this.destroy();
  }
}
