import t from 'tap';
import { type Recorded, score } from '../../bench/faults/score.ts';
import type { Outcome } from '../support/load.ts';

/** One request in each millisecond, the fault from 100 to 200. */
function recorded(outcomes: readonly Partial<Outcome>[], parts: Partial<Recorded> = {}): Recorded {
  return {
    outcomes: outcomes.map((outcome, index) => ({
      id: `POST-${index}`,
      dueAt: index,
      latencyMs: 5,
      ...(outcome.failure === undefined && { backend: 'other' }),
      ...outcome,
    })),
    received: new Map(),
    victim: 'victim',
    beganAt: 100,
    happenedAt: 110,
    endedAt: 200,
    hasRecovery: true,
    expectedFailures: [],
    ...parts,
  };
}

t.test('failures are counted by kind, and late ones are those sent when the fault was known', async (t) => {
  const run = recorded([
    { dueAt: 105, failure: '502' },
    { dueAt: 131, failure: '502' },
    { dueAt: 150, failure: 'refused' },
    {},
  ]);
  const { failed, kinds, late, sent } = score(run);
  t.same({ failed, kinds, late, sent }, { failed: 3, kinds: { 502: 2, refused: 1 }, late: 2, sent: 4 });
});

t.test('failures that an experiment expects are counted apart', async (t) => {
  const run = recorded([{ failure: 'refused' }, { failure: '502' }, {}], { expectedFailures: ['refused'] });
  const { failed, expected, sent } = score(run);
  t.same({ failed, expected, sent }, { failed: 1, expected: 1, sent: 2 });
});

t.test(
  'latency is that of requests from the begin of the fault on: those before warm everything up',
  async (t) => {
    const run = recorded([{ dueAt: 10, latencyMs: 900 }, { dueAt: 100, latencyMs: 30 }, { dueAt: 150 }]);
    const { slowest, p50, sent } = score(run);
    t.same({ slowest, p50, sent }, { slowest: 30, p50: 30, sent: 3 });
  },
);

t.test('a POST that two backends received was executed twice, a GET may be', async (t) => {
  const received = new Map([
    ['victim', ['POST-1', 'GET-1']],
    ['other', ['POST-1', 'GET-1', 'POST-2']],
  ]);
  t.equal(score(recorded([{}], { received })).twice, 1);
});

t.test('a fault is out of the way after the last request that it hurt or that it got', async (t) => {
  const hurt = [{ dueAt: 120, latencyMs: 900 }, { dueAt: 130, failure: '502' }, { dueAt: 190 }];
  t.equal(score(recorded(hurt)).ejectMs, 30);
  t.equal(score(recorded(hurt, { received: new Map([['victim', ['POST-2']]]) })).ejectMs, 90);
  t.equal(score(recorded([{ dueAt: 190 }])).ejectMs, undefined);
});

t.test('a backend is back with its first answer after the end, or not at all', async (t) => {
  t.equal(score(recorded([{ dueAt: 230, backend: 'victim' }, { dueAt: 210 }])).recoverMs, 30);
  t.equal(score(recorded([{ dueAt: 210 }])).recoverMs, Number.POSITIVE_INFINITY);
});
