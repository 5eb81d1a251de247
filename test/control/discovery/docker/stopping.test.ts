import t from 'tap';
import type { EngineEvent } from '../../../../src/control/discovery/docker/event.ts';
import { Stopping, signalNumber } from '../../../../src/control/discovery/docker/stopping.ts';
import { FakeClock, settle } from '../../../support/clock.ts';
import { containerId, FakeEngine } from '../../../support/fake-engine.ts';

const ID = containerId('abc');

function setUp() {
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const changes: string[] = [];
  const stopping = new Stopping(engine, clock, (id) => changes.push(id));
  const hear = (action: string, signal = Number.NaN) => {
    const event: EngineEvent = { containerId: ID, action, signal };
    stopping.onEvent(event);
  };
  return { engine, clock, changes, stopping, hear };
}

t.test('signals that end a process are a stop at once', async (t) => {
  for (const [signal, name] of [
    [15, 'SIGTERM'],
    [9, 'SIGKILL'],
    [2, 'SIGINT'],
    [3, 'SIGQUIT'],
  ] as const) {
    const { stopping, changes, hear } = setUp();
    hear('kill', signal);
    t.equal(stopping.signals.get(ID), name);
    t.same(changes, [ID]);
  }
});

t.test('another signal is none, such as one to reload', async (t) => {
  const { stopping, changes, hear } = setUp();
  hear('kill', 1);
  hear('kill', 12);
  await settle();
  t.equal(stopping.signals.size, 0);
  t.same(changes, []);
});

t.test('another signal is a stop when the image says so', async (t) => {
  const { engine, stopping, changes, hear } = setUp();
  engine.stopSignals = { [ID]: 'SIGUSR2' };
  hear('kill', 10);
  await settle();
  t.equal(stopping.signals.size, 0);
  hear('kill', 12);
  await settle();
  t.equal(stopping.signals.get(ID), 'SIGUSR2');
  t.same(changes, [ID]);
});

t.test('an answer that comes after the container ended counts no more', async (t) => {
  const { engine, stopping, hear } = setUp();
  engine.stopSignals = { [ID]: 'SIGUSR2' };
  engine.holdAnswers();
  hear('kill', 12);
  hear('die');
  hear('start');
  engine.releaseAnswers();
  await settle();
  t.equal(stopping.signals.size, 0);
});

t.test('an Engine that does not answer makes no stop of it', async (t) => {
  const { engine, stopping, hear } = setUp();
  engine.stopBehaviour = () => Promise.reject(new Error('gone'));
  hear('kill', 12);
  await settle();
  t.equal(stopping.signals.size, 0);
});

t.test('it is over when the container ended, and when it starts', async (t) => {
  for (const action of ['die', 'start']) {
    const { clock, stopping, hear } = setUp();
    hear('kill', 15);
    hear(action);
    t.equal(stopping.signals.size, 0, action);
    t.equal(clock.pending, 0, 'and nothing waits any more');
  }
});

t.test('what survives its signal serves again after a while', async (t) => {
  const { clock, changes, stopping, hear } = setUp();
  hear('kill', 15);
  await clock.advance(29_999);
  t.ok(stopping.signals.has(ID));
  await clock.advance(1);
  t.notOk(stopping.signals.has(ID));
  t.same(changes, [ID, ID]);
});

t.test('a container that is given longer to stop is believed to be stopping for longer', async (t) => {
  const { engine, clock, stopping, hear } = setUp();
  engine.stopTimeoutMs = 60_000;
  hear('kill', 15);
  await clock.advance(64_999);
  t.ok(stopping.signals.has(ID));
  await clock.advance(1);
  t.notOk(stopping.signals.has(ID));
});

t.test('a second signal begins the while anew', async (t) => {
  const { clock, stopping, hear } = setUp();
  hear('kill', 15);
  await clock.advance(20_000);
  hear('kill', 9);
  await clock.advance(20_000);
  t.equal(stopping.signals.get(ID), 'SIGKILL');
});

t.test('other events are no stop', async (t) => {
  const { stopping, hear } = setUp();
  for (const action of ['stop', 'pause', 'rename', 'health_status', 'connect']) hear(action);
  t.equal(stopping.signals.size, 0);
});

t.test('a signal has a name, a short name and a number', async (t) => {
  for (const name of ['SIGQUIT', 'QUIT', 'quit', '3']) t.equal(signalNumber(name), 3, name);
  const names = ['HUP', 'INT', 'QUIT', 'KILL', 'USR1', 'USR2', 'TERM', 'WINCH', 'PWR'];
  t.same(names.map(signalNumber), [1, 2, 3, 9, 10, 12, 15, 28, 30]);
  t.equal(signalNumber('SIGRTMIN'), 34);
  t.equal(signalNumber('SIGRTMIN+3'), 37);
  t.ok(Number.isNaN(signalNumber('SIGNONSENSE')), 'and one that is not known none');
});
