import type { RetryPolicy } from '../../model/service.ts';
import type { Attempt } from '../proxy/attempt.ts';
import type { Exchange } from '../proxy/exchange.ts';
import { addedFields, targetOf } from '../proxy/forwarded.ts';
import { isRepeatable } from '../proxy/retry.ts';
import type { Runtime } from '../runtime.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import { OwnConnections } from '../upstream/own-connections.ts';
import { UpstreamConnection } from './upstream-connection.ts';

/** A connection that has waited for less is not being closed for that. */
const FRESH_MS = 1_000;
/** How long one that was found closed is a warning. */
const WARY_MS = 60_000;

/** Sends requests to backends that speak HTTP/1.1, on a connection that waits or a new one. */
export class Http1Connector {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** @param isFresh not on a connection that served before */
  start(attempt: Attempt, backend: BackendState, isFresh: boolean): UpstreamConnection {
    const { exchange, service } = attempt;
    const { head, downstream, body } = exchange;
    const idle = isFresh ? undefined : this.#takeIdle(exchange, service.service.retry, backend);
    const connection = idle ?? new UpstreamConnection(this.#runtime, backend);
    if (head.claimsConnection) {
      downstream.own ??= new OwnConnections();
      downstream.own.adopt(connection);
    }
    try {
      connection.assign(attempt, targetOf(exchange), addedFields(exchange, backend));
      body.replay(connection);
    } catch (error) {
      // Nobody has it yet, who could give it back.
      connection.abort();
      throw error;
    }
    return connection;
  }

  /**
   * A connection that waits. The backend may be closing it just now, and a request that must not be sent twice would
   * be lost with it: such a one gets a connection that was used a moment ago, and none where connections were found
   * closed lately.
   */
  #takeIdle(exchange: Exchange, policy: RetryPolicy, backend: BackendState): UpstreamConnection | undefined {
    const own = exchange.downstream.own?.take(backend);
    if (own !== undefined) return own as UpstreamConnection;
    const { idle, staleAt } = backend;
    // What waits there was put there by this protocol.
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
