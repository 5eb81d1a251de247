import type { LiveKey } from './options.ts';

/** What of a running Fairlead goes by options that may change. */
export type Part = 'traffic' | 'log' | 'admin' | 'docker' | 'border';

/** Who hears of a change of an option. One that is live and has nobody here does not compile. */
export const PARTS: Readonly<Record<LiveKey, readonly Part[]>> = {
  adminToken: ['admin'],
  // What it holds is the token.
  adminTokenFile: [],
  allow: ['docker'],
  trustedProxies: ['traffic'],
  fallbackAllow: ['border', 'traffic'],
  accessLog: ['traffic'],
  // Workers have logs of their own.
  logLevel: ['log', 'traffic'],
  logFormat: ['log', 'traffic'],
  pages: ['traffic'],
  // Asked for at the end; workers are told beforehand.
  grace: ['traffic'],
  headerTimeout: ['traffic'],
  bodyTimeout: ['traffic'],
  minBodyRate: ['traffic'],
  idleTimeout: ['traffic'],
  maxConnections: ['traffic'],
  maxConnectionsPerClient: ['traffic'],
  maxRequestsPerConnection: ['traffic'],
  // Probes ask for it each time.
  maxHeaderSize: ['traffic'],
  maxHeaders: ['traffic'],
  keepUnderscores: ['traffic'],
};
