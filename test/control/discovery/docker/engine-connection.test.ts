import t, { type Test } from 'tap';
import {
  EngineConnection,
  type EventfulEngine,
} from '../../../../src/control/discovery/docker/engine-connection.ts';
import { silentLog } from '../../../../src/telemetry/log.ts';
import { FakeClock, settle } from '../../../support/clock.ts';

/** What a Swarm's managers tell of: nothing that a container is. */
interface NodeEvent {
  readonly node: string;
}

/** A cluster that the test plays, and a connection to it, until the end of the test. */
function followCluster(t: Test) {
  const clock = new FakeClock();
  const told: string[] = [];
  let failure: Error | undefined;
  let tell: (event: NodeEvent | undefined) => void = () => {};
  let end: (error: Error) => void = () => {};
  const engine: EventfulEngine<NodeEvent> = {
    async negotiate() {
      if (failure !== undefined) throw failure;
      return { version: '28.0', api: '1.51' };
    },
    events: (onEvent, onOpen, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => resolve());
        [tell, end] = [onEvent, reject];
        told.push('subscribed');
        onOpen();
      }),
  };
  const connection = new EngineConnection<NodeEvent>({
    name: 'swarm',
    endpoint: 'tcp://10.0.0.1:2375',
    engine,
    clock,
    log: silentLog(),
    list: () => ({
      async first() {
        told.push('listed');
        connection.listed();
      },
      hear: (event) => told.push(event === undefined ? 'heard what is unclear' : `heard ${event.node}`),
    }),
    onEvent: ({ node }) => told.push(`event of ${node}`),
    onLost: () => told.push(`lost: ${connection.status.error}`),
  });
  const stopping = new AbortController();
  t.teardown(() => stopping.abort());
  return {
    clock,
    connection,
    told,
    follow: () => connection.follow(stopping.signal),
    fail: (error: Error | undefined) => {
      failure = error;
    },
    tell: (event: NodeEvent | undefined) => tell(event),
    end: (error: Error) => end(error),
    stop: () => stopping.abort(),
  };
}

t.test('whatever the events are of, they are subscribed to before all is listed', async (t) => {
  const { connection, told, follow, tell } = followCluster(t);
  t.match(connection.status, { name: 'swarm', target: 'tcp://10.0.0.1:2375', connected: false });
  follow();
  await settle();
  t.same(told, ['subscribed', 'listed']);
  t.same(connection.status, { name: 'swarm', target: 'tcp://10.0.0.1:2375', connected: true });
  told.length = 0;
  tell({ node: 'two' });
  tell(undefined);
  t.same(told, ['heard two', 'event of two', 'heard what is unclear'], 'the list hears of all, first');
});

t.test(
  'one that is lost is stale since then, however often it is tried, and up to date once it is back',
  async (t) => {
    const { clock, connection, told, follow, fail, end } = followCluster(t);
    follow();
    await settle();
    fail(new Error('no leader'));
    const staleSince = clock.now();
    end(new Error('read ECONNRESET'));
    await settle();
    await clock.advance(60_000);
    t.match(connection.status, { connected: false, staleSince, error: 'no leader' });
    t.ok(told.filter((line) => line === 'lost: no leader').length > 3, 'it was tried again');
    fail(undefined);
    await clock.advance(11_000);
    t.match(connection.status, { connected: true, staleSince: undefined, error: undefined });
  },
);

t.test('it is not tried again once nobody wants to know', async (t) => {
  const { clock, told, follow, end, stop } = followCluster(t);
  follow();
  await settle();
  stop();
  end(new Error('socket hang up'));
  await clock.advance(60_000);
  t.same(told, ['subscribed', 'listed']);
});
