/** Loopback ports that the benchmarks use; `BENCH_PORT` is the first of them. */
export const PROXY_PORT = Number(process.env['BENCH_PORT'] ?? 23_400);
export const BACKEND_PORTS = [PROXY_PORT + 1, PROXY_PORT + 2, PROXY_PORT + 3] as const;
/** Echoes WebSocket messages. */
export const ECHO_PORT = PROXY_PORT + 4;
