import type { Address } from './address.ts';
import type { Origin } from './backend.ts';
import type { SaidHealth } from './health.ts';
import type { Problem } from './problem.ts';
import type { RouteTls } from './route.ts';
import type { Removal, ServiceSettings } from './service.ts';

/** A host and path that a claim wants. */
export interface RouteClaim extends RouteTls {
  readonly host: string;
  readonly path: string;
  readonly priority: number;
  readonly stripPrefix: boolean;
}

/** The program that a container runs. */
export interface Program {
  /** The name of the image without tag and digest. */
  readonly repository: string;
  /** The service of Compose that it is an instance of, as `PROJECT/SERVICE`. */
  readonly deployedAs: string;
}

/** What a container, or an entry of a file, asks for: its routes, its settings, and the address that serves. */
export interface Claim {
  readonly origin: Origin;
  /** The name of its service; claims without one serve together if they have a route in common. */
  readonly service?: string;
  readonly routes: readonly RouteClaim[];
  readonly settings: ServiceSettings;
  /** Absent while it cannot serve (stopped, no shared network…); its routes are known nevertheless. */
  readonly serves?: ServingAddress;
  /** Whether its container is gone. Its routes stay known, but it decides nothing where another claim does. */
  readonly isGone?: boolean;
  /** When that was, and when it is forgotten. */
  readonly removed?: Removal;
  /** The program, where that is known. */
  readonly program?: Program;
  /** When the container was created, in milliseconds since the epoch: of claims that disagree the newest wins. */
  readonly createdAt: number;
}

export interface ServingAddress {
  readonly name: string;
  /** The part of the backend's id that distinguishes it in its service; it stays the same for its life. */
  readonly key: string;
  readonly address: Address;
  readonly weight: number;
  readonly backup: boolean;
  readonly maxConnections?: number;
  /** Why the address may be wrong; shown when nothing answers there. */
  readonly caveat?: string;
  /** What the source says against its health (Docker's HEALTHCHECK, a stop signal); absent when nothing. */
  readonly health?: SaidHealth;
}

/** How a source stands with what it watches. */
export interface SourceStatus {
  readonly name: string;
  /** The address or file that it watches. */
  readonly target: string;
  readonly connected: boolean;
  /** Since when its contribution may be out of date, in milliseconds since the epoch. */
  readonly staleSince?: number;
  readonly error?: string;
}

/** All that a source says at present: the whole state each time, never a change. */
export interface Contribution {
  readonly status: SourceStatus;
  readonly claims: readonly Claim[];
  readonly problems: readonly Problem[];
  /** Whether more claims follow within the next turns of the loop, since thousands are not made in one. */
  readonly isPartial?: boolean;
}
