import type { RetryPolicy } from '../../model/service.ts';
import type { Attempt } from '../proxy/attempt.ts';
import type { Exchange } from '../proxy/exchange.ts';
import { addedFields, targetOf } from '../proxy/forwarded.ts';
import { isRepeatable } from '../proxy/retry.ts';
import type { Runtime } from '../runtime.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import { OwnConnections } from '../upstream/own-connections.ts';
import { UpstreamConnection } from './upstream-connection.ts';

/** A backend does not close a connection for being idle if it has been so for less than this. */
const FRESH_MS = 1_000;
/** After a connection was found closed, requests that must not be sent twice get no idle one of its backend for so long. */
const WARY_MS = 60_000;

/** Sends requests to backends that speak HTTP/1.1, on an idle connection or a new one. */
export class Http1Connector {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** @param isFresh true forbids a connection that has served before */
  start(attempt: Attempt, backend: BackendState, isFresh: boolean): UpstreamConnection {
    const { exchange, service } = attempt;
    const { head, downstream } = exchange;
    const idle = isFresh ? undefined : this.#takeIdle(exchange, service.service.retry, backend);
    const connection = idle ?? new UpstreamConnection(this.#runtime, backend);
    if (head.claimsConnection) {
      downstream.own ??= new OwnConnections();
      downstream.own.adopt(connection);
    }
    try {
      connection.assign(attempt, targetOf(exchange), addedFields(exchange, backend));
    } catch (error) {
      // Nobody else knows this connection yet, so it has to be ended here.
      connection.abort();
      throw error;
    }
    return connection;
  }

  /**
   * An idle connection; undefined when none is good enough for the request. The backend may be closing it at this moment, and a
   * request that must not be sent twice would be lost with it. Such a request gets a connection that was used a moment ago, and
   * none where connections were found closed lately.
   */
  #takeIdle(exchange: Exchange, policy: RetryPolicy, backend: BackendState): UpstreamConnection | undefined {
    const own = exchange.downstream.own?.take(backend);
    if (own !== undefined) return own as UpstreamConnection;
    const { idle, staleAt } = backend;
    // The cast holds: only this protocol puts connections into the pool.
    const last = idle[idle.length - 1] as UpstreamConnection | undefined;
    if (last === undefined) return undefined;
    if (!isRepeatable(exchange, policy)) {
      const { now } = this.#runtime.sweep;
      if (now - last.idleAt > FRESH_MS || now - staleAt < WARY_MS) return undefined;
    }
    idle.pop();
    return last;
  }
}
