import type { UpstreamConnection } from '../http1/upstream-connection.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Downstream, Exchange } from './exchange.ts';

/** A client has one for each backend that it authenticated to; of more the one that waited for longest goes. */
const MAX_OWN = 8;

/**
 * Connections to backends that belong to one connection of a client. NTLM and Negotiate authenticate a connection and
 * not a request: whoever came next on it would be taken for the client that did. So from the first request with such
 * credentials on nobody else gets it, and the client's next requests go there, which these schemes need for their handshake.
 */
export function ownBackend({ own }: Downstream, service: ServiceState): BackendState | undefined {
  for (const { backend } of (own ?? []) as UpstreamConnection[])
    if (backend.isWell && service.backends.includes(backend)) return backend;
  return undefined;
}

/** The client's own connection to a backend, if there is one that waits. */
export function takeOwn({ own }: Downstream, backend: BackendState): UpstreamConnection | undefined {
  if (own === undefined) return undefined;
  const at = own.findIndex((connection) => (connection as UpstreamConnection).backend === backend);
  return at === -1 ? undefined : (own.splice(at, 1)[0] as UpstreamConnection);
}

/** The request will authenticate the connection: it is the client's own from now on. */
export function makeOwn({ downstream }: Exchange, connection: UpstreamConnection): void {
  downstream.own ??= ownOf(downstream);
  if (downstream.own.length >= MAX_OWN) downstream.own[0]?.destroy();
  connection.pool = downstream.own;
}

/** They end with the client's connection. */
function ownOf({ socket }: Downstream): UpstreamConnection[] {
  const own: UpstreamConnection[] = [];
  socket.once('close', () => {
    for (const connection of [...own]) connection.destroy();
  });
  return own;
}
