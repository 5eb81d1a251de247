import type { LiveKey } from './options.ts';

/** The parts of a running Fairlead that depend on live options. */
export type Part = 'traffic' | 'log' | 'admin' | 'docker' | 'border';

/** The parts that are told of a change of each option. A live option without an entry does not compile. */
export const PARTS: Readonly<Record<LiveKey, readonly Part[]>> = {
  adminToken: ['admin'],
  // `adminToken` changes when the content of this file does.
  adminTokenFile: [],
  allow: ['docker'],
  trustedProxies: ['traffic'],
  fallbackAllow: ['border', 'traffic'],
  accessLog: ['traffic'],
  // Workers have logs of their own, so the traffic is told, too.
  logLevel: ['log', 'traffic'],
  logFormat: ['log', 'traffic'],
  pages: ['traffic'],
  // Only read when Fairlead stops, but workers must know it beforehand.
  grace: ['traffic'],
  headerTimeout: ['traffic'],
  bodyTimeout: ['traffic'],
  minBodyRate: ['traffic'],
  idleTimeout: ['traffic'],
  maxConnections: ['traffic'],
  maxConnectionsPerClient: ['traffic'],
  maxRequestsPerConnection: ['traffic'],
  // Probes read the option each time and need not be told.
  maxHeaderSize: ['traffic'],
  maxHeaders: ['traffic'],
  keepUnderscores: ['traffic'],
};
