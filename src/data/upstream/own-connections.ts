import type { BackendState, PooledConnection } from './backend-state.ts';
import type { ServiceState } from './service-state.ts';

/** A client has one for each backend that it authenticated to; of more the one that waited for longest goes. */
const MAX_OWN = 8;

/**
 * Connections to backends that belong to one connection of a client. NTLM and Negotiate authenticate a connection and
 * not a request: whoever came next on it would be taken for the client that did. So from the first request with such
 * credentials on nobody else gets it, and the client's next requests go there, which these schemes need for their handshake.
 */
export class OwnConnections {
  /** Those that wait for a request; the last one was used last. */
  readonly #idle: PooledConnection[] = [];

  /** The backend of one that waits, if that serves the service still. */
  backendFor(service: ServiceState): BackendState | undefined {
    for (const { backend } of this.#idle)
      if (backend.isWell && service.backends.includes(backend)) return backend;
    return undefined;
  }

  /** The one to a backend, if there is one that waits. */
  take(backend: BackendState): PooledConnection | undefined {
    const at = this.#idle.findIndex((connection) => connection.backend === backend);
    return at === -1 ? undefined : this.#idle.splice(at, 1)[0];
  }

  /** The next request will authenticate that connection: it waits nowhere but here from now on. */
  adopt(connection: PooledConnection): void {
    if (this.#idle.length >= MAX_OWN) this.#idle[0]?.destroy();
    connection.pool = this.#idle;
  }

  /** The client's connection has ended, and these with it. */
  close(): void {
    for (const connection of [...this.#idle]) connection.destroy();
  }
}
