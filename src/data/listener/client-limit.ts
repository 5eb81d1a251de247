import { customerAt, isPublic, parseIp } from '../../model/ip.ts';

/** How many connections of clients there may be; 0 is no limit. */
export interface ClientLimits {
  readonly maxConnections: number;
  /**
   * Of one client. `auto` is a share of all, and for public addresses only: behind a private one may be a proxy, or
   * everybody, as behind the gateway of a container network.
   */
  readonly maxConnectionsPerClient: number | 'auto';
}

/** A client may have this share of all connections by default… */
const SHARE = 1 / 8;
/** …but no fewer, since a browser opens six… */
const LEAST = 8;
/** …and no more: some megabytes of heads that are never finished. */
const MOST = 1_024;

/** What one client may have, and who is one. */
export class ClientLimit {
  /** Most connections, or requests where a trusted proxy has the connection; 0 is no limit. */
  readonly most: number;
  readonly #isPublicOnly: boolean;
  readonly #isTrusted: (address: string) => boolean;

  /** @param isTrusted whether an address is a proxy's, which speaks for many */
  constructor(limits: ClientLimits, isTrusted: (address: string) => boolean) {
    const { maxConnections, maxConnectionsPerClient: most } = limits;
    this.#isPublicOnly = most === 'auto';
    this.most = most === 'auto' ? defaultMost(maxConnections) : most;
    this.#isTrusted = isTrusted;
  }

  /** The client that an address stands for: itself, or in IPv6 its /64 network; empty where there is no limit. */
  clientAt(address: string): string {
    if (this.most === 0 || this.#isTrusted(address)) return '';
    const ip = parseIp(address);
    if (ip === undefined || (this.#isPublicOnly && !isPublic(ip))) return '';
    return customerAt(ip);
  }
}

function defaultMost(maxConnections: number): number {
  return maxConnections === 0 ? MOST : Math.min(MOST, Math.max(LEAST, Math.floor(maxConnections * SHARE)));
}
