import type { BackendState, PooledConnection } from './backend-state.ts';
import type { ServiceState } from './service-state.ts';

/** A client has one for each backend that it authenticated to; beyond this number the one idle for longest is closed. */
const MAX_OWN = 8;

/**
 * Connections to backends that belong to one connection of a client. NTLM and Negotiate authenticate a connection and
 * not a request: the next client on it would be taken for the one that did. So from the first request with such credentials
 * on, no other client gets the connection, and the client's next requests go there, as the handshake of these schemes needs.
 */
export class OwnConnections {
  /** The idle connections; the last one was used last. */
  readonly #idle: PooledConnection[] = [];

  /** The backend of an idle connection, if it still serves the service. */
  backendFor(service: ServiceState): BackendState | undefined {
    for (const { backend } of this.#idle)
      if (backend.isUpOrSuspected && service.backends.includes(backend)) return backend;
    return undefined;
  }

  /** Takes the idle connection to a backend, if there is one. */
  take(backend: BackendState): PooledConnection | undefined {
    const at = this.#idle.findIndex((connection) => connection.backend === backend);
    return at === -1 ? undefined : this.#idle.splice(at, 1)[0];
  }

  /** Makes a connection the client's own, since the next request will authenticate it: it idles nowhere else from now on. */
  adopt(connection: PooledConnection): void {
    if (this.#idle.length >= MAX_OWN) this.#idle[0]?.destroy();
    connection.pool = this.#idle;
  }

  /** Closes them all, together with the client's connection. */
  close(): void {
    for (const connection of [...this.#idle]) connection.destroy();
  }
}
