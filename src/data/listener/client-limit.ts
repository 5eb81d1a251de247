import { customerAt, isPublic, parseIp } from '../../model/ip.ts';

/** Limits of the connections of clients; 0 is no limit. */
export interface ClientLimits {
  readonly maxConnections: number;
  /**
   * Connections of one client. `auto` is a share of all connections, and is for public addresses only: a private one may be a
   * proxy's, or everybody's, as the gateway of a container network is.
   */
  readonly maxConnectionsPerClient: number | 'auto';
}

/** By default a client may have this share of all connections… */
const SHARE = 1 / 8;
/** …but at least so many, since a browser opens six… */
const LEAST = 8;
/** …and at most so many: their unfinished heads take some megabytes. */
const MOST = 1_024;

/** How much one client may have, and which addresses count as one client. */
export class ClientLimit {
  /** The most connections of one client, or requests where a trusted proxy has the connection; 0 is no limit. */
  readonly most: number;
  readonly #isPublicOnly: boolean;
  readonly #isTrusted: (address: string) => boolean;

  /** @param isTrusted whether an address is a trusted proxy's, which speaks for many clients */
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
