import { formatAddress } from '../../model/address.ts';
import { defaultPort, type Scheme } from '../../model/listener.ts';
import { type ClientClaims, clientOf } from '../listener/client-address.ts';
import { withoutPrefix } from '../routing/prefix.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { Exchange } from './exchange.ts';

/** The part of an exchange that these lines are made of. */
export type Forwarded = Pick<Exchange, 'head' | 'client'>;

/** The header lines that tell a backend who the client is and what it asked for, and by which proxy it did. */
export class ForwardedFields {
  readonly #peer: string;
  readonly #proto: Scheme;
  readonly #isTrusted: (address: string) => boolean;
  readonly #instance: string;
  #minor = 1;
  #host = '';
  #fields = '';

  /**
   * @param peer the address at the other end of the connection, without port
   * @param proto by which the client connected
   * @param isTrusted whether what an address says of clients is believed
   * @param instance the name of this Fairlead, by which it knows a request that it has had before
   */
  constructor(peer: string, proto: Scheme, isTrusted: (address: string) => boolean, instance: string) {
    this.#instance = instance;
    this.#peer = peer;
    this.#proto = proto;
    this.#isTrusted = isTrusted;
  }

  /** The client's address, by the head of its request. */
  clientOf(head: ClientClaims): string {
    return clientOf(this.#peer, head, this.#isTrusted);
  }

  /** The header lines for a backend, each with its CRLF. */
  of(request: Forwarded): string {
    const { head } = request;
    if (
      head.forwardedFor !== '' ||
      head.forwardedProto !== '' ||
      head.forwardedHost !== '' ||
      head.forwardedPort !== '' ||
      head.realIp !== ''
    ) {
      return this.#chained(request);
    }
    // The lines are kept, since a connection nearly always asks for the same host again.
    if (head.host !== this.#host || head.minor !== this.#minor || this.#fields === '') {
      this.#host = flat(head.host);
      this.#minor = head.minor;
      const port = portOf(this.#host, this.#proto);
      const fields = fieldLines(this.#peer, this.#peer, this.#proto, this.#host, port);
      this.#fields = flat(fields + this.#via(head));
    }
    return this.#fields;
  }

  /** For requests of a trusted proxy: what it says is kept, and its address is added to the chain. */
  #chained({ head, client }: Forwarded): string {
    const proto = head.forwardedProto || this.#proto;
    const host = head.forwardedHost || head.host;
    const chain = head.forwardedFor === '' ? this.#peer : `${head.forwardedFor}, ${this.#peer}`;
    return (
      fieldLines(chain, client, proto, host, head.forwardedPort || portOf(host, proto)) + this.#via(head)
    );
  }

  /** Our entry, which follows those of the client's own Via (RFC 9110, section 7.6.3), with the version of the request as received. */
  #via({ minor }: Forwarded['head']): string {
    return `Via: 1.${minor} ${this.#instance}\r\n`;
  }
}

/**
 * A copy in one piece. A slice would keep the whole head in memory for as long as the connection is idle, and a concatenated
 * text would keep all of its pieces.
 */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function fieldLines(chain: string, client: string, proto: string, host: string, port: string): string {
  const hostLine = host === '' ? '' : `X-Forwarded-Host: ${host}\r\n`;
  return `X-Forwarded-For: ${chain}\r\nX-Real-IP: ${client}\r\nX-Forwarded-Proto: ${proto}\r\n${hostLine}X-Forwarded-Port: ${port}\r\n`;
}

/** The port that the client addressed, which behind a published container port is not the one we listen on. */
function portOf(authority: string, proto: string): string {
  const port = /:(\d+)$/.exec(authority)?.[1];
  return port ?? defaultPort(proto);
}

/** The request target for the backend: the client's own, or what is left of it without the route's prefix. */
export function targetOf(exchange: Exchange): string {
  const { entry, head, path } = exchange;
  if (entry === undefined || !entry.route.stripPrefix || entry.path === '/') return head.target;
  const query = head.target.indexOf('?');
  const raw = query === -1 ? head.target : head.target.slice(0, query);
  const rest = withoutPrefix(raw, path, entry.path);
  return query === -1 ? rest : rest + head.target.slice(query);
}

/** The header lines that we add to a request. */
export function addedFields(exchange: Exchange, backend: BackendState): string {
  const { head, entry, filtering } = exchange;
  let fields = exchange.downstream.forwarded.of(exchange);
  if (entry?.route.stripPrefix === true && entry.path !== '/')
    fields += `X-Forwarded-Prefix: ${entry.path}\r\n`;
  // HTTP/1.0 may come without a Host, which HTTP/1.1 must not.
  if (!head.hasHostField) fields += `Host: ${head.host || formatAddress(backend.backend.address)}\r\n`;
  return filtering === undefined ? fields : filtering.unreplaced(fields) + filtering.fields;
}
