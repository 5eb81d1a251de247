/** Loopback ports that the benchmarks use. */
export const BACKEND_PORTS = [19_001, 19_002, 19_003] as const;
export const PROXY_PORT = 19_080;
