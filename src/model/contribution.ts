import type { Address } from './address.ts';
import type { Origin } from './backend.ts';
import type { SaidHealth } from './health.ts';
import type { Problem } from './problem.ts';
import type { Removal, ServiceSettings } from './service.ts';

/** The host and path that one claim wants. */
export interface RouteClaim {
  readonly host: string;
  readonly path: string;
  readonly priority: number;
  readonly stripPrefix: boolean;
}

/** What a container runs. */
export interface Program {
  /** Its image's name without tag and digest. */
  readonly repository: string;
  /** What it is an instance of: `PROJECT/SERVICE` of Compose. */
  readonly deployedAs: string;
}

/** What one container, or one entry of a file, asks for: its routes, its options, and the address that serves. */
export interface Claim {
  readonly origin: Origin;
  /** The service it names; without it the route is the group. */
  readonly service?: string;
  readonly routes: readonly RouteClaim[];
  readonly settings: ServiceSettings;
  /** Absent while it cannot serve (stopped, no shared network…): its host stays known. */
  readonly serves?: ServingAddress;
  /** Nothing makes it any more: it keeps its routes known, and decides nothing where another claim does. */
  readonly isGone?: boolean;
  /** Of one that is gone. */
  readonly removed?: Removal;
  /** Where it is known. */
  readonly program?: Program;
  /** When it was created, in milliseconds since the epoch: of two that disagree the newest wins. */
  readonly createdAt: number;
}

export interface ServingAddress {
  readonly name: string;
  /** Distinguishes it among all backends of its service, and stays the same for its life. */
  readonly key: string;
  readonly address: Address;
  readonly weight: number;
  readonly backup: boolean;
  readonly maxConnections?: number;
  /** What is odd about the address, for when nothing answers there. */
  readonly doubt?: string;
  /** What the source knows of its health (Docker's HEALTHCHECK, a stop signal); absent when it is fine. */
  readonly health?: SaidHealth;
}

/** Whether a source still hears from what it watches. */
export interface SourceStatus {
  readonly name: string;
  /** What is watched: an address or a file. */
  readonly target: string;
  readonly connected: boolean;
  /** Since when what it says may be out of date, in milliseconds since the epoch. */
  readonly staleSince?: number;
  readonly error?: string;
}

/** All that one source says now: whole state each time, never a change. */
export interface Contribution {
  readonly status: SourceStatus;
  readonly claims: readonly Claim[];
  readonly problems: readonly Problem[];
  /** More is known and comes within the next turns: thousands of claims are not made in one. */
  readonly isPartial?: boolean;
}
