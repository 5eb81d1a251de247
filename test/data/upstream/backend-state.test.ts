import t from 'tap';
import { DRAIN_OVER } from '../../../src/data/errors.ts';
import { FakeConnection, makeBackend, makeBackendState } from '../../support/exchange.ts';

t.test('a backend without a flag is available, one with any is not', async (t) => {
  const state = makeBackendState('a');
  t.equal(state.isAvailable, true);
  for (const flag of ['Pending', 'FailedCheck', 'Draining', 'Maintenance'] as const) {
    state.setFlags([flag]);
    t.equal(state.isAvailable, false, flag);
  }
  state.setFlags([]);
  t.equal(state.isAvailable, true);
});

t.test(
  'what the snapshot says of an ejection is for people: it is decided where requests fail',
  async (t) => {
    const state = makeBackendState('a');
    t.equal(state.setFlags(['Ejected']), false);
    t.equal(state.isAvailable, true);
    state.setFlags(['Ejected', 'FailedCheck']);
    t.same(state.flags, ['FailedCheck']);
  },
);

t.test('a backend of weight 0 takes no new requests', async (t) => {
  const state = makeBackendState('a', { weight: 0 });
  t.equal(state.isAvailable, false);
  state.update(makeBackend('a', { weight: 2 }));
  t.equal(state.isAvailable, true);
  t.equal(state.weight, 2);
});

t.test('only other flags are a change', async (t) => {
  const state = makeBackendState('a');
  t.equal(state.setFlags([]), false);
  t.equal(state.setFlags(['Pending']), true);
  t.equal(state.setFlags(['Pending']), false);
  t.equal(state.setFlags(['Pending', 'Draining']), true);
  t.equal(state.setFlags([]), true);
});

t.test('one that goes out retires its connections and cuts none', async (t) => {
  const state = makeBackendState('a');
  const connections = [new FakeConnection(state), new FakeConnection(state)];
  state.setFlags([]);
  t.notOk(connections.some((connection) => connection.isRetired));
  state.setFlags(['FailedCheck']);
  t.ok(connections.every((connection) => connection.isRetired && !connection.isDestroyed));
});

t.test('one that moved retires its connections, one that only changed its weight does not', async (t) => {
  const state = makeBackendState('a');
  const connection = new FakeConnection(state);
  state.update(makeBackend('a', { weight: 5 }));
  t.equal(connection.isRetired, false);
  state.update(makeBackend('a', { address: { host: '127.0.0.1', port: 8081 } }));
  t.equal(connection.isRetired, true);
  const other = new FakeConnection(state);
  state.update(makeBackend('a', { address: { host: '127.0.0.2', port: 8081 } }));
  t.equal(other.isRetired, true);
});

t.test('its end closes every connection', async (t) => {
  const state = makeBackendState('a');
  const connections = [new FakeConnection(state), new FakeConnection(state), new FakeConnection(state)];
  state.closeAll(DRAIN_OVER);
  t.ok(connections.every((connection) => connection.isDestroyed));
  t.equal(state.open.size, 0);
});

t.test('failures are counted by their code', async (t) => {
  const state = makeBackendState('a');
  for (const code of ['reset', 'connect-failed', 'reset']) state.countFailure(code);
  t.same(state.stats.failures, { reset: 2, 'connect-failed': 1 });
});
