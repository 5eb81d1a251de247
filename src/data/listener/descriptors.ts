/**
 * File descriptors that are kept free for other uses than traffic: the runtime's own, listeners, the admin address, Docker,
 * probes, logs.
 */
const RESERVED = 80;
/** The most connections by default: each takes some kilobytes, and who wants more can say so. */
const MAX_DEFAULT = 65_536;

/**
 * Connections of clients that a process can serve: each needs a descriptor of its own and another for the backend.
 * @param descriptors how many the process may open; undefined when there is no limit
 */
export function defaultMaxConnections(descriptors: number | undefined): number {
  if (descriptors === undefined) return MAX_DEFAULT;
  return Math.min(MAX_DEFAULT, Math.max(16, Math.floor((descriptors - RESERVED) / 2)));
}

/** Descriptors that a process needs for so many connections of clients. */
export function descriptorsFor(connections: number): number {
  return 2 * connections + RESERVED;
}

/** The part of Node's diagnostic report that is read here. */
interface Report {
  readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } };
}

/** File descriptors that this process may open; undefined when there is no limit. */
export function descriptorLimit(): number | undefined {
  // Without this the report looks up the names of all peers in the DNS.
  const diagnostic: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  diagnostic.excludeNetwork = true;
  const { userLimits } = diagnostic.getReport() as unknown as Report;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}
