import t from 'tap';
import { stateOf } from '../../src/admin/state.ts';
import type { Filter } from '../../src/model/filter.ts';
import {
  ADMIN_NOW,
  ADMIN_SNAPSHOT,
  ADMIN_WORKER,
  adminTraffic,
  adminView,
  startTestAdmin,
  TWO_LISTENERS,
} from '../support/admin.ts';
import { ask } from '../support/client.ts';

t.test('the live state is the snapshot with what is counted and probed between snapshots', async (t) => {
  const state = stateOf(adminView({ listeners: () => TWO_LISTENERS }));
  t.match(state, {
    fairlead: '1.2.3',
    startedAt: ADMIN_NOW - 60_000,
    now: ADMIN_NOW,
    version: 7,
    topologyVersion: 5,
    clientConnections: 9,
    listeners: [
      { name: 'http', address: { port: 8080 }, tls: false, connections: 9, connectionsTotal: 90 },
      { name: 'http-2', address: { port: 8081 }, connections: 0, connectionsTotal: 0 },
    ],
    upgrades: 2,
  });
  t.strictSame(state.routes, ADMIN_SNAPSHOT.routes);
  t.strictSame(state.problems, ADMIN_SNAPSHOT.problems);
  t.strictSame(state.sources, ADMIN_SNAPSHOT.sources);
});

t.test('a service has its policy and what became of its requests', async (t) => {
  const [shop, ...rest] = stateOf(adminView()).services;
  t.strictSame(rest, []);
  t.match(shop, {
    name: 'shop',
    balance: 'round-robin',
    retry: { attempts: 2 },
    requests: 5,
    errors: 2,
    retries: 1,
    fallbacks: 1,
  });
});

t.test('a backend has its health, its last check and its counts', async (t) => {
  const [a, b] = stateOf(adminView()).services[0]?.backends ?? [];
  t.match(a, {
    name: 'a',
    address: { host: '10.0.0.1', port: 80 },
    health: { flags: [], reason: '200' },
    lastCheck: { reason: '200 in 2 ms', checkedAt: ADMIN_NOW - 500 },
    inFlight: 1,
    requests: 5,
    failures: { 'connect-refused': 2 },
    history: [{ flags: ['Ejected'], reason: '1 failed request: ECONNREFUSED' }],
  });
  t.match(b, { name: 'b', backup: true, health: { flags: ['FailedCheck'], reason: 'refused' } });
  t.match(b, { lastCheck: undefined, inFlight: 0, requests: 0, failures: {} }, 'not counted yet is nothing');
});

t.test('a service that served nothing yet has counts of nothing', async (t) => {
  const stats = () => ({ ...adminTraffic(), services: {}, backends: {} });
  const [shop] = stateOf(adminView({ stats })).services;
  t.match(shop, { requests: 0, errors: 0, retries: 0, fallbacks: 0 });
});

t.test('the API answers the live state as JSON', async (t) => {
  const { port } = await startTestAdmin(t);
  const { body } = await ask(port, { path: '/api/snapshot' });
  t.strictSame(JSON.parse(body), JSON.parse(JSON.stringify(stateOf(adminView()))));
});

t.test('each worker is told, with how often the one in its place died', async (t) => {
  t.strictSame(stateOf(adminView()).workers, [{ ...ADMIN_WORKER, restarts: 1 }]);
});

t.test('what workers count is asked for before it is told', async (t) => {
  let asked = 0;
  const { port } = await startTestAdmin(t, { refresh: async () => void asked++ });
  await ask(port, { path: '/metrics' });
  t.equal(asked, 1);
  await ask(port, { path: '/api/snapshot' });
  t.equal(asked, 2);
});

t.test('a service is told with what its routes do, once, and without secrets', async (t) => {
  const filters: Filter[] = [
    {
      kind: 'request-headers',
      edits: [
        { how: 'set', name: 'Authorization', value: 'Basic s3cret' },
        { how: 'set', name: 'X-Team', value: 'blue' },
      ],
    },
  ];
  const routes = ADMIN_SNAPSHOT.routes.flatMap((route) => [
    { ...route, filters },
    { ...route, host: 'b.localhost', filters },
  ]);
  const state = stateOf(adminView({ snapshot: () => ({ ...ADMIN_SNAPSHOT, routes }) }));
  t.match(state.services[0]?.filters, [{ edits: [{ value: '…' }, { value: 'blue' }] }]);
  t.equal(JSON.stringify(state).split('blue').length, 2);
  t.notMatch(JSON.stringify(state), 's3cret');
});
