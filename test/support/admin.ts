import type { Test } from 'tap';
import { type AdminServer, type AdminView, startAdmin } from '../../src/admin/admin-server.ts';
import type { CertificateInfo } from '../../src/model/certificate.ts';
import type { WorkerStatus } from '../../src/model/data-plane.ts';
import type { Listener } from '../../src/model/listener.ts';
import { makeService } from '../../src/model/service.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/model/snapshot.ts';
import { makeBackendStats, makeServiceStats, type TrafficStats } from '../../src/model/stats.ts';
import { listenerOn } from './listener.ts';

export const ADMIN_NOW = 1_700_000_000_000;

/** A service with two backends, one well and one ill, and a problem. */
export const ADMIN_SNAPSHOT: Snapshot = {
  ...EMPTY_SNAPSHOT,
  version: 7,
  topologyVersion: 5,
  createdAt: ADMIN_NOW - 1_000,
  services: [
    makeService(
      'shop',
      {},
      ['a', 'b'].map((name) => ({
        id: `shop/${name}`,
        name,
        address: { host: '10.0.0.1', port: name === 'a' ? 80 : 81 },
        weight: 1,
        backup: name === 'b',
        origin: { source: 'docker', name: `web-${name}`, containerId: `${name}1234` },
      })),
    ),
  ],
  routes: [{ host: 'shop.localhost', path: '/', priority: 0, stripPrefix: false, service: 'shop' }],
  health: new Map([
    ['shop/a', { flags: [], reason: '200', since: ADMIN_NOW - 5_000 }],
    ['shop/b', { flags: ['FailedCheck'], reason: 'refused', since: ADMIN_NOW - 2_000 }],
  ]),
  problems: [
    {
      severity: 'error',
      source: 'docker',
      subject: 'web-9',
      where: 'fairlead.hots',
      message: 'is not a known key',
    },
  ],
  sources: [{ name: 'docker', target: 'unix:///run/docker.sock', connected: true }],
};

/** What was counted for it: five requests, of which two failed, one was retried and one fell back. */
export function adminTraffic(): TrafficStats {
  const shop = makeServiceStats();
  shop.codes[200] = 2;
  shop.codes[499] = 1;
  shop.codes[500] = 1;
  shop.codes[502] = 1;
  shop.retries = 1;
  shop.fallbacks = 1;
  const a = { ...makeBackendStats(), requests: 5, failures: { 'connect-refused': 2 }, inFlight: 1, idle: 2 };
  return {
    services: { shop },
    backends: { 'shop/a': a },
    unrouted: [],
    listeners: { http: { connections: 9, connectionsTotal: 90 } },
    clientConnections: 9,
    clientConnectionsTotal: 90,
    clientsRefusedFull: 0,
    handshakes: { full: 3, resumed: 2 },
    handshaking: 1,
    clientsRefusedPerClient: 0,
    clientsClosedIdle: 0,
    upgrades: 2,
    internalErrors: {},
    linesLost: {},
  };
}

/** The worker that counted it, after one that died. */
export const ADMIN_WORKER: WorkerStatus = {
  worker: 1,
  pid: 4_711,
  state: 'serving',
  startedAt: ADMIN_NOW - 30_000,
  version: 7,
  connections: 9,
  requests: 5,
  cpuSeconds: 1.5,
  memoryBytes: 90_000_000,
};

/** Two listeners, of which nobody has connected to the second. */
export const TWO_LISTENERS: readonly Listener[] = [listenerOn(8080), listenerOn(8081, { name: 'http-2' })];

/** A certificate of the internal authority, one of a file that was spoilt, and a host without one. */
export const ADMIN_CERTIFICATES: readonly CertificateInfo[] = [
  {
    names: ['localhost', '127.0.0.1', '::1'],
    source: 'internal',
    issuer: 'Fairlead internal authority 0123ab intermediate',
    notBefore: ADMIN_NOW - 3_600_000,
    notAfter: ADMIN_NOW + 7 * 86_400_000,
    isPublic: false,
    renewalAt: ADMIN_NOW + 3 * 86_400_000,
    why: 'half of its life is left then',
  },
  {
    names: ['own.example.org'],
    source: 'file',
    file: '/certificates/own.pem',
    issuer: 'Some Authority',
    notBefore: ADMIN_NOW - 30 * 86_400_000,
    notAfter: ADMIN_NOW + 60 * 86_400_000,
    isPublic: true,
    why: 'whoever puts the file there renews it',
    error: 'is not whole: what begins in it does not end',
  },
  { names: ['shop.example.org'], source: 'none', why: 'it is a public name' },
];

/** As PEM, in which only the shape is right. */
export const ADMIN_ROOT = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

/** A view of that state. */
export function adminView(overrides: Partial<AdminView> = {}): AdminView {
  return {
    version: '1.2.3',
    instance: 'fairlead-0123abcd',
    startedAt: ADMIN_NOW - 60_000,
    now: () => ADMIN_NOW,
    snapshot: () => ADMIN_SNAPSHOT,
    stats: adminTraffic,
    workers: () => [ADMIN_WORKER],
    slots: () => [{ worker: 1, requests: 6, cpuSeconds: 2, restarts: 1 }],
    refresh: async () => {},
    lastCheck: (id) => (id === 'shop/a' ? { reason: '200 in 2 ms', checkedAt: ADMIN_NOW - 500 } : undefined),
    history: (id) =>
      id === 'shop/a'
        ? [{ at: ADMIN_NOW - 9_000, flags: ['Ejected'], reason: '1 failed request: ECONNREFUSED' }]
        : [],
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    explain: (subject) =>
      subject === 'web-a'
        ? { lines: ['container web-a', '  traffic: yes'], isRouted: true }
        : { error: `there is no container or service ${subject}` },
    order: (subject) => (subject === 'a' ? [{ id: 'shop/a', name: 'a', service: 'shop' }] : []),
    listeners: () => [listenerOn(8080)],
    certificates: () => ADMIN_CERTIFICATES,
    authority: () => ADMIN_ROOT,
    readiness: () => ({ isReady: true, unheard: [] }),
    ...overrides,
  };
}

/** An admin server on a free port, gone at the end of the test. */
export async function startTestAdmin(
  t: Test,
  overrides: Partial<AdminView> = {},
  token?: string,
): Promise<AdminServer['address']> {
  const server = await startAdmin({ host: '127.0.0.1', port: 0 }, token, adminView(overrides));
  t.teardown(() => server.close());
  return server.address;
}
