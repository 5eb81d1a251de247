import { OPTION_KEYS, type OptionKey } from './options.ts';

/** The groups of options, in the order in which help shows them. */
export const GROUPS = ['Listen', 'TLS', 'Docker', 'Trust', 'Logs', 'Times', 'Limits', 'Other'] as const;
export type Group = (typeof GROUPS)[number];

/** The group of each option. An option without a group does not compile. */
const GROUP_OF: Readonly<Record<OptionKey, Group>> = {
  http: 'Listen',
  https: 'Listen',
  data: 'TLS',
  certificates: 'TLS',
  defaultCertificate: 'TLS',
  tlsMin: 'TLS',
  admin: 'Listen',
  adminToken: 'Listen',
  adminTokenFile: 'Listen',
  docker: 'Docker',
  dockerCerts: 'Docker',
  dockerFilter: 'Docker',
  allow: 'Trust',
  trustedProxies: 'Trust',
  fallbackAllow: 'Trust',
  accessLog: 'Logs',
  logLevel: 'Logs',
  logFormat: 'Logs',
  grace: 'Times',
  startTimeout: 'Times',
  headerTimeout: 'Times',
  bodyTimeout: 'Times',
  idleTimeout: 'Times',
  minBodyRate: 'Limits',
  maxConnections: 'Limits',
  maxConnectionsPerClient: 'Limits',
  maxRequestsPerConnection: 'Limits',
  maxHeaderSize: 'Limits',
  maxHeaders: 'Limits',
  workers: 'Other',
  pages: 'Other',
  keepUnderscores: 'Other',
};

/** The options of each group, in the order of the table. */
export function optionGroups(): [group: Group, keys: OptionKey[]][] {
  return GROUPS.map((group) => [group, OPTION_KEYS.filter((key) => GROUP_OF[key] === group)]);
}
