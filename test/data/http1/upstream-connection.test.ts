import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { ProxyError } from '../../../src/data/errors.ts';
import { UpstreamConnection } from '../../../src/data/http1/upstream-connection.ts';
import { Attempt } from '../../../src/data/proxy/attempt.ts';
import type { Exchange } from '../../../src/data/proxy/exchange.ts';
import { makeSettings } from '../../../src/data/settings.ts';
import { Sweep } from '../../../src/data/sweep.ts';
import type { BackendState } from '../../../src/data/upstream/backend-state.ts';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import { makeService, type Timeouts } from '../../../src/model/service.ts';
import { startCannedBackend, startRawBackend } from '../../support/backend.ts';
import { FakeClock, settle } from '../../support/clock.ts';
import { eventually } from '../../support/eventually.ts';
import { makeAttemptContext, makeBackend, makeBackendState, makeExchange } from '../../support/exchange.ts';
import { okText } from '../../support/manual.ts';
import { TEST_OPTIONS } from '../../support/proxy.ts';

const TIMEOUTS = { connectMs: 0, responseMs: 0, idleMs: 0, eventsMs: 0, requestMs: 0 };

/** A connection to a backend that was sent an exchange's request. */
function sendRequest(t: Test, port: number, exchange: Exchange, timeouts: Timeouts) {
  const state = makeBackendState('a', { address: { host: '127.0.0.1', port } });
  const policy = makeService('test', { timeouts }, [state.backend]);
  const service = new ServiceState(policy, new FakeClock(), Math.random);
  let completed = 0;
  const connection = new UpstreamConnection(
    { sweep: new Sweep(new FakeClock()), settings: makeSettings(TEST_OPTIONS) },
    state,
  );
  t.teardown(() => connection.destroy());
  const context = makeAttemptContext();
  const events = {
    ...context.events,
    onComplete: () => completed++,
    onFailure: (_attempt: Attempt, error: ProxyError) => t.fail(error.code),
  };
  const attempt = new Attempt(exchange, service, state, {
    ...context,
    events,
    connector: { start: () => connection },
  });
  connection.assign(attempt, '/', '');
  connection.end('');
  connection.flush();
  return { state, connection, isComplete: () => completed === 1 };
}

/** A backend with a connection that served one request and waits. */
async function withIdleConnection(t: Test): Promise<{ state: BackendState; connection: UpstreamConnection }> {
  const { port } = await startCannedBackend(t, okText('x'));
  const { state, connection, isComplete } = sendRequest(t, port, makeExchange(), TIMEOUTS);
  await eventually('the response', isComplete);
  return { state, connection };
}

t.test('a connection that served waits, and counts as open', async (t) => {
  const { state, connection } = await withIdleConnection(t);
  t.same([state.idle.length, state.open.size], [1, 1]);
  t.equal(state.idle[0], connection);
});

t.test('nobody can take a connection from the moment on in which it is closed', async (t) => {
  const { state, connection } = await withIdleConnection(t);
  connection.destroy();
  t.equal(state.idle.length, 0, 'not only when its close is reported');
  await eventually('the close', () => state.open.size === 0);
});

t.test('one that waits closes when it is retired', async (t) => {
  const { state } = await withIdleConnection(t);
  state.setFlags(['Draining']);
  t.equal(state.idle.length, 0);
  await eventually('the close', () => state.open.size === 0);
});

t.test('one that waits at an address that is no longer the backend’s is not kept', async (t) => {
  const { state } = await withIdleConnection(t);
  state.update(makeBackend('a', { address: { host: '127.0.0.1', port: 1 } }));
  t.equal(state.idle.length, 0);
  await eventually('the close', () => state.open.size === 0);
});

t.test('interim responses stop while the client does not take them, and go on when it does', async (t) => {
  const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n';
  let backend: Socket | undefined;
  const { port } = await startRawBackend(t, (socket) => {
    backend = socket;
    socket.write(hint);
  });
  const exchange = makeExchange();
  let informed = 0;
  exchange.downstream.inform = () => {
    informed++;
    return 'full';
  };
  const { connection, isComplete } = sendRequest(t, port, exchange, { ...TIMEOUTS, responseMs: 1_000 });
  await eventually('the first', () => informed === 1);
  t.equal(connection.patience.deadline, Number.POSITIVE_INFINITY, "it is the client's turn");
  backend?.write(hint);
  await settle();
  t.equal(informed, 1);
  connection.resume();
  t.not(connection.patience.deadline, Number.POSITIVE_INFINITY, "it is the backend's turn");
  await eventually('the second', () => informed === 2);
  connection.resume();
  backend?.write(okText('x'));
  await eventually('the response', isComplete);
});
