import type { LiveBackend, LiveState } from '../admin/state.ts';
import { formatAddress } from '../model/address.ts';
import type { CertificateInfo } from '../model/certificate.ts';
import type { Problem } from '../model/problem.ts';
import { routeName } from '../model/route.ts';
import { illFirst, isOut, type ServiceState, stateOfService } from './status-filter.ts';

/**
 * The document that `status --json` prints for programs; keys are only ever added. Times are ISO 8601 in UTC, counts are
 * since the start, and there are no secrets.
 */
export interface StatusReport {
  /** The version of Fairlead. */
  readonly fairlead: string;
  readonly startedAt: string;
  readonly now: string;
  /** The version of the snapshot, which grows with each change. */
  readonly version: number;
  readonly clientConnections: number;
  /** Where clients connect. */
  readonly listeners: readonly {
    readonly name: string;
    readonly address: string;
    readonly protocol: string;
    readonly tls: boolean;
    /** The number of clients that are connected now. */
    readonly connections: number;
  }[];
  readonly sources: readonly {
    readonly name: string;
    readonly target: string;
    readonly connected: boolean;
    readonly staleSince: string | null;
    readonly error: string | null;
  }[];
  readonly workers: readonly {
    readonly worker: number;
    readonly pid: number;
    readonly state: string;
    readonly startedAt: string;
    readonly connections: number;
    readonly requests: number;
    readonly restarts: number;
  }[];
  /** What there is for https, and which hosts have none. */
  readonly certificates: readonly CertificateReport[];
  readonly services: readonly ServiceReport[];
  readonly problems: readonly Problem[];
}

/** What there is to know of a certificate, or why there is none: `source` is `none` then. */
export interface CertificateReport {
  readonly names: readonly string[];
  readonly source: CertificateInfo['source'];
  readonly file: string | null;
  readonly issuer: string | null;
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** Browsers trust it, as far as one can tell. */
  readonly public: boolean;
  readonly renewalAt: string | null;
  readonly why: string;
  readonly error: string | null;
}

interface ServiceReport {
  readonly name: string;
  /** Whether all of its backends take requests, some, or none. */
  readonly state: ServiceState;
  /** The names of its routes, such as `shop.localhost/api`. */
  readonly routes: readonly string[];
  readonly requests: number;
  /** How many of the requests were answered with 5xx. */
  readonly errors: number;
  readonly waiting: number;
  /** When its last container was removed; it is forgotten after an hour. */
  readonly removedAt: string | null;
  readonly backends: readonly BackendReport[];
}

interface BackendReport {
  readonly name: string;
  readonly address: string;
  /** The container or file that it comes from. */
  readonly origin: string;
  readonly weight: number;
  readonly backup: boolean;
  /** Whether it has no flag and a weight above 0. */
  readonly available: boolean;
  /** Any of Pending, FailedCheck, Draining, Maintenance and Ejected. */
  readonly flags: readonly string[];
  readonly reason: string;
  readonly since: string;
  readonly inFlight: number;
  readonly requests: number;
}

/** Makes the document; services come in the order of `illFirst`. */
export function statusReport(state: LiveState): StatusReport {
  const { fairlead, version, clientConnections } = state;
  const routes = Map.groupBy(state.routes, ({ service }) => service);
  return {
    fairlead,
    startedAt: time(state.startedAt),
    now: time(state.now),
    version,
    clientConnections,
    listeners: state.listeners.map(({ name, address, protocol, tls, connections }) => ({
      name,
      address: formatAddress(address),
      protocol,
      tls,
      connections,
    })),
    sources: state.sources.map(({ name, target, connected, staleSince, error }) => ({
      name,
      target,
      connected,
      staleSince: staleSince === undefined ? null : time(staleSince),
      error: error ?? null,
    })),
    workers: state.workers.map(({ worker, pid, state: at, startedAt, connections, requests, restarts }) => ({
      worker,
      pid,
      state: at,
      startedAt: time(startedAt),
      connections,
      requests,
      restarts,
    })),
    certificates: state.certificates.map(certificateReport),
    services: illFirst(state.services).map((service) => ({
      name: service.name,
      state: stateOfService(service),
      routes: (routes.get(service.name) ?? []).map(routeName),
      requests: service.requests,
      errors: service.errors,
      waiting: service.waiting,
      removedAt: service.absence?.removed === undefined ? null : time(service.absence.removed.at),
      backends: service.backends.map(backendReport),
    })),
    problems: state.problems,
  };
}

function backendReport(backend: LiveBackend): BackendReport {
  const { name, address, origin, weight, backup, health, inFlight, requests } = backend;
  return {
    name,
    address: formatAddress(address),
    origin: origin.name,
    weight,
    backup,
    available: !isOut(backend) && weight > 0,
    flags: health.flags,
    reason: health.reason,
    since: time(health.since),
    inFlight,
    requests,
  };
}

/** A certificate as programs read it. */
export function certificateReport(info: CertificateInfo): CertificateReport {
  const { names, source, file, issuer, notBefore, notAfter, isPublic, renewalAt, why, error } = info;
  const timeOrNull = (ms: number | undefined) => (ms === undefined ? null : time(ms));
  return {
    names,
    source,
    file: file ?? null,
    issuer: issuer ?? null,
    notBefore: timeOrNull(notBefore),
    notAfter: timeOrNull(notAfter),
    public: isPublic === true,
    renewalAt: timeOrNull(renewalAt),
    why,
    error: error ?? null,
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
