/** Descriptors that are not for traffic: the runtime's own, listeners, the admin address, Docker, probes, logs. */
const RESERVED = 80;
/** Each of which takes some kilobytes: whoever wants more says so. */
const MAX_DEFAULT = 65_536;

/**
 * Connections of clients that a process can serve: each needs a descriptor, and another for the backend.
 * @param descriptors how many the process may open; undefined when it is not limited
 */
export function defaultMaxConnections(descriptors: number | undefined): number {
  if (descriptors === undefined) return MAX_DEFAULT;
  return Math.min(MAX_DEFAULT, Math.max(16, Math.floor((descriptors - RESERVED) / 2)));
}

/** Descriptors that a process needs to serve so many connections of clients. */
export function descriptorsFor(connections: number): number {
  return 2 * connections + RESERVED;
}

/** Of Node's diagnostic report, what is read here. */
interface Report {
  readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } };
}

/** File descriptors that this process may open; undefined when it is not limited. */
export function descriptorLimit(): number | undefined {
  // Otherwise the report asks the DNS for the names of all peers.
  const diagnostic: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  diagnostic.excludeNetwork = true;
  const { userLimits } = diagnostic.getReport() as unknown as Report;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}
