import { IncrementalMerge, type Merged } from '../../src/control/incremental-merge.ts';
import type { Claim, Contribution, Program, RouteClaim } from '../../src/model/contribution.ts';
import type { SaidHealth } from '../../src/model/health.ts';
import type { Problem } from '../../src/model/problem.ts';
import type { ServiceSettings } from '../../src/model/service.ts';
import { FakeClock } from './clock.ts';

/** A claim as tests write it: a container's name, and what differs from a plain one. */
export interface ClaimParts {
  readonly hosts?: readonly string[];
  readonly path?: string;
  readonly priority?: number;
  readonly stripPrefix?: boolean;
  readonly service?: string;
  readonly settings?: ServiceSettings;
  /** False: it has no address. */
  readonly serves?: boolean;
  readonly isGone?: boolean;
  readonly createdAt?: number;
  readonly port?: number;
  readonly weight?: number;
  readonly backup?: boolean;
  readonly health?: SaidHealth;
  readonly source?: string;
  readonly program?: Program;
}

/** The claim of a container: it wants `shop.org` and serves on port 80 of an address named like itself. */
export function makeClaim(name: string, parts: ClaimParts = {}): Claim {
  const { hosts = ['shop.org'], path = '/', priority = 0, stripPrefix = false, port = 80 } = parts;
  const { weight = 1, backup = false, health, serves = true, settings = {}, createdAt = 0 } = parts;
  const key = `${name}:${port}`;
  const address = { host: name, port };
  return {
    origin: { source: parts.source ?? 'docker', name },
    ...(parts.service !== undefined && { service: parts.service }),
    routes: hosts.map((host): RouteClaim => ({ host, path, priority, stripPrefix })),
    settings,
    ...(serves && { serves: { name, key, address, weight, backup, ...(health && { health }) } }),
    ...(parts.isGone && { isGone: true, removed: { at: createdAt, until: createdAt + 3_600_000 } }),
    ...(parts.program && { program: parts.program }),
    createdAt,
  };
}

/** All that a source says. */
export function makeContribution(
  claims: readonly Claim[],
  problems: readonly Problem[] = [],
  name = 'docker',
): Contribution {
  return { status: { name, target: 'test', connected: true }, claims, problems };
}

/** What contributions add up to that are the first. */
export function mergeContributions(contributions: readonly Contribution[]): Merged {
  return new IncrementalMerge(new FakeClock()).update(contributions);
}
