import fc from 'fast-check';
import t from 'tap';
import { Attempt } from '../../../src/data/proxy/attempt.ts';
import { Sweep } from '../../../src/data/sweep.ts';
import type { BackendState } from '../../../src/data/upstream/backend-state.ts';
import { Ejector } from '../../../src/data/upstream/ejector.ts';
import { HangWatch } from '../../../src/data/upstream/hang.ts';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import { makeService, type ServiceSettings } from '../../../src/model/service.ts';
import type { BackendSignal } from '../../../src/model/signal.ts';
import { FakeClock } from '../../support/clock.ts';
import { makeAttemptContext, makeBackendState, makeExchange } from '../../support/exchange.ts';
import { responseHead } from '../../support/heads.ts';
import { seededRandom } from '../../support/random.ts';

/** Two backends, and requests that wait for the first until the test answers them. */
function setUp(settings: ServiceSettings = {}, count = 2) {
  const clock = new FakeClock();
  const signals: BackendSignal[] = [];
  const onSignal = (signal: BackendSignal) => signals.push(signal);
  const hedged: Attempt[] = [];
  const ejector = new Ejector(new Sweep(clock), clock, onSignal);
  const watch = new HangWatch(clock, ejector, onSignal);
  const policy = makeService('test', settings, []);
  const service = new ServiceState(policy, clock, seededRandom(1));
  const backends = Array.from({ length: count }, (_, i) => makeBackendState(String(i)));
  service.update(policy, backends);
  const backend = backends[0] as BackendState;
  const context = makeAttemptContext({ watch });
  Object.assign(context.events, { hedge: (attempt: Attempt) => hedged.push(attempt) });
  const send = () => {
    const attempt = new Attempt(makeExchange(), service, backend, context);
    attempt.connected();
    /** Its response comes. */
    return () => {
      backend.silence.heard++;
      attempt.responded(responseHead('HTTP/1.1 200 OK\r\n\r\n'));
      attempt.end('responded');
    };
  };
  const kinds = () => signals.map(({ kind }) => kind);
  const acquit = () => {
    const proof = { kind: 'life', at: clock.now() } as const;
    watch.takeProof(backend, proof);
    ejector.takeProof(service, backend, proof);
  };
  return { clock, watch, ejector, service, backend, send, signals, kinds, hedged, acquit };
}

t.test('after a tenth of a second of silence it is suspect, and a moment later out', async (t) => {
  const { clock, backend, send, signals, kinds, hedged } = setUp();
  send();
  await clock.advance(75);
  t.same(kinds(), []);
  await clock.advance(50);
  t.same(kinds(), ['suspected']);
  t.equal(backend.isAvailable, false, 'meanwhile nobody is sent there');
  t.same(hedged, []);
  await clock.advance(75);
  t.same(kinds(), ['suspected', 'ejected']);
  t.match(signals[1], { cause: 'hang', reason: /^sent nothing for \d+ ms with 1 request waiting$/ });
  t.ok(hedged.length > 0);
});

t.test('whatever comes from it ends that', async (t) => {
  const { clock, backend, send, kinds } = setUp();
  const answer = send();
  send();
  await clock.advance(200);
  answer();
  await clock.advance(25);
  t.same(kinds(), ['suspected', 'ejected', 'returned']);
  t.ok(backend.isAvailable);
});

t.test('each time a probe speaks for it, it is waited for twice as long', async (t) => {
  const { clock, send, kinds, acquit } = setUp();
  send();
  const times: number[] = [];
  let told = 0;
  while (clock.elapsed() < 4_000) {
    await clock.advance(25);
    const suspected = kinds().filter((kind) => kind === 'suspected').length;
    if (suspected > told) {
      times.push(clock.elapsed());
      acquit();
    }
    told = suspected;
  }
  t.same(times, [100, 200, 400, 800, 1_600, 3_200]);
  t.notOk(kinds().includes('ejected'));
});

t.test('a silence that it broke by itself is usual for it', async (t) => {
  const { clock, send, kinds, acquit } = setUp();
  for (let i = 0; i < 2; i++) {
    const before = kinds().length;
    const answer = send();
    for (let waited = 0; waited < 1_000; waited += 25) {
      await clock.advance(25);
      acquit();
    }
    answer();
    await clock.advance(25);
    t.equal(kinds().length > before, i === 0, i === 0 ? 'the first time it is asked' : 'then it is known');
  }
});

t.test('it is not suspected with nobody else to serve, without checks, or while it drains', async (t) => {
  const alone = setUp({}, 1);
  const unchecked = setUp({ health: { type: 'none' } });
  const draining = setUp();
  draining.backend.setFlags(['Draining']);
  for (const { clock, send, kinds, hedged } of [alone, unchecked, draining]) {
    send();
    await clock.advance(5_000);
    t.same(kinds(), []);
    t.same(hedged, []);
  }
});

t.test('while nothing is in flight no timer runs', async (t) => {
  const { clock, watch, send } = setUp();
  const idle = clock.pending;
  const answer = send();
  t.equal(clock.pending, idle + 1);
  answer();
  await clock.advance(50);
  t.equal(clock.pending, idle);
  t.ok(watch.tick > 0);
});

t.test(
  'one that answers something each 75 ms is never suspected, however long other requests take',
  async (t) => {
    const wait = fc.integer({ min: 0, max: 75 });
    const property = fc.asyncProperty(fc.array(wait, { minLength: 1, maxLength: 40 }), async (waits) => {
      const { clock, send, kinds } = setUp();
      send();
      for (const ms of waits) {
        const answer = send();
        await clock.advance(ms);
        answer();
      }
      return kinds().length === 0;
    });
    await fc.assert(property, { numRuns: 30, seed: 7 });
    t.pass();
  },
);
