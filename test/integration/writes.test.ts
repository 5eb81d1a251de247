import fc from 'fast-check';
import t from 'tap';
import type { ServiceSettings } from '../../src/model/service.ts';
import { ask } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { startProxy } from '../support/proxy.ts';
import { MODES, type Mode, ModelStore, Replica, type Write } from '../support/replicas.ts';

/** Something happens to a replica, or a writer writes; then time passes. */
type Step = { readonly ms: number } & (
  | { readonly replica: number; readonly mode: Mode }
  | { readonly writer: number; readonly method: Write['method']; readonly key: string }
);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ ms: fc.nat(150), replica: fc.nat(2), mode: fc.constantFrom<Mode[]>('well', ...MODES) }),
  fc.record({
    ms: fc.nat(400),
    writer: fc.nat(2),
    method: fc.constantFrom<Write['method'][]>('PUT', 'PUT', 'PUT', 'DELETE', 'POST', 'PATCH'),
    key: fc.constantFrom('a', 'a', 'a', 'b'),
  }),
);

const settings: fc.Arbitrary<ServiceSettings> = fc.record({
  timeouts: fc.constant({ responseMs: 2_000 }),
  retry: fc.record({
    timeoutMs: fc.constantFrom(0, 300),
    on: fc.record({
      reset: fc.constant(true),
      timeout: fc.constant(true),
      status: fc.constantFrom<[number, number][][]>([], [[500, 599]]),
    }),
    attempts: fc.constantFrom(1, 2),
    budgetPercent: fc.constant(100),
  }),
  eject: fc.record({ failures: fc.constantFrom(0, 3) }),
  holdMs: fc.constantFrom(0, 1_000),
  fallback: fc.constantFrom([], [{ kind: 'service' as const, service: 'spare' }]),
});

/** Does all that, lets what is late happen, and answers what is wrong with the store then. */
async function play(settings: ServiceSettings, steps: readonly Step[]): Promise<string[]> {
  const store = new ModelStore();
  const clock = new FakeClock();
  const replicas = await Promise.all([0, 1, 2].map(() => Replica.start(store)));
  const ends: (() => unknown)[] = replicas.map(({ close }) => close);
  const [spare, ...serving] = replicas.map(({ port }) => port);
  const proxy = await startProxy(
    { teardown: (end?: () => unknown) => void (end && ends.unshift(end)) },
    [
      { settings, backends: serving },
      { name: 'spare', backends: [spare as number], routes: [] },
    ],
    {},
    clock,
  );
  const running: (Promise<void> | undefined)[] = [];
  const send = async (writer: number, method: Write['method'], key: string) => {
    const write = store.begin(method, key);
    const { status } = await ask(proxy.port, { method, headers: { 'x-id': String(write.id) }, body: 'x' });
    if (status === 200) store.acknowledge(write);
    running[writer] = undefined;
  };
  for (const one of steps) {
    // A writer waits for what it wrote.
    if ('mode' in one) (replicas[one.replica] as Replica).mode = one.mode;
    else running[one.writer] ??= send(one.writer, one.method, one.key);
    await clock.advance(one.ms);
  }
  while (running.some((one) => one !== undefined)) {
    await clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const replica of replicas) replica.mode = 'well';
  await Promise.all(ends.map((end) => end()));
  return store.faults();
}

t.test('whatever happens to replicas, no acknowledged write is lost and none is done twice', async (t) => {
  const property = fc.asyncProperty(
    settings,
    fc.array(step, { minLength: 20, maxLength: 40 }),
    async (settings, steps) => {
      const faults = await play(settings, steps);
      if (faults.length > 0) throw new Error(faults.join('; '));
    },
  );
  await fc.assert(property, { numRuns: 60, seed: 9, endOnFailure: true });
  t.pass();
});

const PUT = { writer: 0, method: 'PUT', key: 'a' } as const;

t.test('a replica that pauses for a moment does not undo what was written meanwhile', async (t) => {
  const write = { ...PUT, ms: 300 };
  const steps: Step[] = [{ replica: 1, mode: 'paused', ms: 0 }, write, write, write, write];
  t.same(await play({}, steps), []);
});

t.test('nor does one whose answers are late, cut off or given up by a gateway', async (t) => {
  const settings: ServiceSettings = {
    retry: { timeoutMs: 200, on: { reset: true, timeout: true, status: [[500, 599]] } },
    hedge: 'off',
  };
  for (const mode of ['paused', 'cuts', 'gateway'] as const) {
    const write = { ...PUT, ms: 300 };
    const steps: Step[] = [write, write, { replica: 1, mode, ms: 0 }, write, write, write, write];
    t.same(await play(settings, steps), [], mode);
  }
});
