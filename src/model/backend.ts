import type { Address } from './address.ts';

/** Where a backend is configured: what a person would look for to change it. */
export interface Origin {
  /** The name of the source, such as `docker`. */
  readonly source: string;
  /** The name of the container or of the file. */
  readonly name: string;
  /** The id of the container, if it is one. */
  readonly containerId?: string;
  readonly image?: string;
}

/** An address that serves. */
export interface Backend {
  /** The identity by which states outlive snapshots: `SERVICE/ORIGIN:PORT`. */
  readonly id: string;
  /** The name for people: that of the container, or `host:port`. */
  readonly name: string;
  readonly address: Address;
  /** Its share of the requests, from 0 to 256; with 0 it takes no new ones. */
  readonly weight: number;
  /** The weight by label or file, if a person ordered another one. */
  readonly configuredWeight?: number;
  /** Whether it serves only when no primary is available. */
  readonly backup: boolean;
  /** The most requests that it has at a time; by default there is no limit. */
  readonly maxConnections?: number;
  readonly origin: Origin;
  /** Why the address may be wrong, as its source suspects; shown when nothing answers there. */
  readonly caveat?: string;
}

/** The id of a backend without the number of its container's restarts, so that it is the same after a restart. */
export function lastingId(id: string): string {
  return id.replace(/~\d+(?=:\d+$)/, '');
}
