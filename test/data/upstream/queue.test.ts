import fc from 'fast-check';
import t from 'tap';
import type { Attempt } from '../../../src/data/proxy/attempt.ts';
import type { BackendState } from '../../../src/data/upstream/backend-state.ts';
import type { Waiter } from '../../../src/data/upstream/queue.ts';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import { makeService } from '../../../src/model/service.ts';
import { FakeClock } from '../../support/clock.ts';
import { makeBackend, makeBackendState, makeExchange, occupy } from '../../support/exchange.ts';
import { seededRandom } from '../../support/random.ts';

const request = makeExchange();

/** A service whose requests do what the forwarder does: take a backend, or stand in line. */
class Play {
  readonly states: readonly BackendState[];
  readonly service: ServiceState;
  /** Numbers of requests, in the order in which each thing happened to them. */
  readonly arrived: number[] = [];
  readonly served: number[] = [];
  readonly gaveUp: number[] = [];
  readonly running: Attempt[] = [];
  readonly waiting: { readonly number: number; readonly waiter: Waiter }[] = [];
  readonly #policy = makeService('test', { holdMs: 1_000 }, []);

  constructor(limits: readonly number[]) {
    this.states = limits.map((maxConnections, i) => makeBackendState(`b${i}`, { maxConnections }));
    this.service = new ServiceState(this.#policy, new FakeClock(), seededRandom(1));
    this.service.update(this.#policy, this.states);
  }

  arrive(): void {
    const number = this.arrived.push(this.arrived.length) - 1;
    if (this.#serve(number)) return;
    const leave = () => {
      this.service.queue.delete(waiter);
      this.waiting.splice(this.waiting.indexOf(entry), 1);
    };
    const waiter: Waiter = {
      retry: () => {
        if (this.#serve(number)) leave();
      },
      giveUp: () => {
        leave();
        this.gaveUp.push(number);
      },
    };
    const entry = { number, waiter };
    this.waiting.push(entry);
    this.service.queue.add(waiter);
  }

  finish(at: number): void {
    const [attempt] = this.running.splice(at % Math.max(1, this.running.length), 1);
    attempt?.end('responded');
  }

  abandon(at: number): void {
    this.waiting[at % Math.max(1, this.waiting.length)]?.waiter.giveUp();
  }

  flag(at: number, isOut: boolean): void {
    (this.states[at % this.states.length] as BackendState).setFlags(isOut ? ['FailedCheck'] : []);
    this.service.refresh();
  }

  limit(at: number, maxConnections: number): void {
    const state = this.states[at % this.states.length] as BackendState;
    state.update(makeBackend(state.backend.name, { maxConnections }));
    this.service.update(this.#policy, this.states);
  }

  #serve(number: number): boolean {
    const state = this.service.pick(request);
    if (state === undefined) return false;
    this.running.push(occupy(state, this.service));
    this.served.push(number);
    return true;
  }
}

const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('arrive' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('finish' as const), at: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abandon' as const), at: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('flag' as const), at: fc.nat(3), isOut: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('limit' as const),
      at: fc.nat(3),
      to: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

t.test(
  'whatever happens: no limit is passed, nobody waits for nothing, and the first comes first',
  async (t) => {
    const limits = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(limits, fc.array(event, { maxLength: 120 }), (limits, events) => {
        const play = new Play(limits);
        for (const step of events) {
          const before = play.served.length;
          const had = play.states.map(({ inFlight }) => inFlight);
          if (step.kind === 'arrive') play.arrive();
          else if (step.kind === 'finish') play.finish(step.at);
          else if (step.kind === 'abandon') play.abandon(step.at);
          else if (step.kind === 'flag') play.flag(step.at, step.isOut);
          else play.limit(step.at, step.to);
          for (const [i, { inFlight, backend }] of play.states.entries()) {
            // A limit that was lowered is passed by those that were there, and by nobody new.
            if (inFlight > Math.max(backend.maxConnections ?? 0, had[i] ?? 0)) return false;
          }
          const canServe = play.states.some((state) => state.isAvailable && state.hasRoom);
          if (canServe && play.waiting.length > 0) return false;
          const news = play.served.slice(before);
          if (news.some((number, i) => i > 0 && number < (news[i - 1] ?? 0))) return false;
          if (news.some((number) => play.waiting.some((entry) => entry.number < number))) return false;
          if (play.service.queue.size !== play.waiting.length) return false;
        }
        return play.arrived.length === play.served.length + play.gaveUp.length + play.waiting.length;
      }),
      { numRuns: 500 },
    );
    t.pass();
  },
);

t.test('a service that goes leaves nobody in its line', async (t) => {
  const play = new Play([1]);
  for (let i = 0; i < 5; i++) play.arrive();
  play.service.leave();
  t.same(play.gaveUp, [1, 2, 3, 4]);
  t.equal(play.service.queue.size, 0);
});
