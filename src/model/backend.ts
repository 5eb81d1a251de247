import type { Address } from './address.ts';

/** Where a backend comes from: what a person would look for to change it. */
export interface Origin {
  /** Name of the source, such as `docker`. */
  readonly source: string;
  /** The container's name, or the file's. */
  readonly name: string;
  /** Container id, when it is a container. */
  readonly containerId?: string;
  readonly image?: string;
}

/** One address that serves. */
export interface Backend {
  /** Identity for everything that outlives a snapshot: `SERVICE/ORIGIN:PORT`. */
  readonly id: string;
  /** What people call it: the container's name, or `host:port`. */
  readonly name: string;
  readonly address: Address;
  /** 0 to 256; 0 takes no new requests. */
  readonly weight: number;
  /** Its weight by label or file, where a person ordered another. */
  readonly configuredWeight?: number;
  /** Used only when no primary is available. */
  readonly backup: boolean;
  /** Requests at one time; no limit without it. */
  readonly maxConnections?: number;
  readonly origin: Origin;
  /** What its source finds odd about the address, for when nothing answers there. */
  readonly doubt?: string;
}

/** A backend's id without the count of its container's restarts: the same before and after one. */
export function lastingId(id: string): string {
  return id.replace(/~\d+(?=:\d+$)/, '');
}
