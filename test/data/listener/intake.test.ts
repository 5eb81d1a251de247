import t from 'tap';
import { Intake } from '../../../src/data/listener/intake.ts';

/** An intake whose turns end when the test says so. */
function makeIntake() {
  const turns: (() => void)[] = [];
  const begun: number[] = [];
  const intake = new Intake((run) => turns.push(run));
  return {
    intake,
    begun,
    endTurn: () => turns.shift()?.(),
    isAtRest: () => turns.length === 0,
    /** Requests of a turn, each with its number; answers how many must wait. */
    ask: (count: number, isFirst = false) =>
      Array.from({ length: count }, (_, i) =>
        intake.defers({ begin: () => begun.push(i), onBroken: () => {} }, isFirst),
      ).filter(Boolean).length,
  };
}

t.test('without new connections no request waits', async (t) => {
  const { ask, isAtRest } = makeIntake();
  t.equal(ask(1_000), 0);
  t.equal(isAtRest(), true, 'and no turn is counted');
});

t.test('a turn that brings a connection begins some requests, and the rest when none comes', async (t) => {
  const scene = makeIntake();
  scene.intake.accepted();
  t.equal(scene.ask(20), 4);
  scene.endTurn();
  t.same(scene.begun, []);
  scene.endTurn();
  t.same(scene.begun, [16, 17, 18, 19]);
  t.equal(scene.isAtRest(), true);
  t.equal(scene.ask(100), 0);
});

t.test('each turn begins some', async (t) => {
  const { intake, ask, endTurn } = makeIntake();
  for (let turn = 0; turn < 3; turn++) {
    intake.accepted();
    t.equal(ask(17), 1);
    endTurn();
  }
});

t.test('connections that never stop coming do not keep requests for ever', async (t) => {
  const { intake, ask, begun, endTurn } = makeIntake();
  intake.accepted();
  ask(17);
  for (let turn = 0; turn < 15; turn++) {
    t.same(begun, []);
    endTurn();
    intake.accepted();
  }
  endTurn();
  t.same(begun, [16]);
});

t.test('first requests never wait while clients stay for their answers', async (t) => {
  const { intake, ask, isAtRest } = makeIntake();
  t.equal(ask(1_000, true), 0);
  intake.accepted();
  t.equal(ask(1_000, true), 0, 'nor while connections come');
  t.notOk(isAtRest(), 'but for the turn that connections are counted in');
});

t.test('after clients that did not stay a first request waits for one whole turn', async (t) => {
  const { intake, ask, begun, endTurn, isAtRest } = makeIntake();
  intake.gone();
  t.equal(ask(2, true), 2);
  endTurn();
  t.same(begun, [], 'what was read with it');
  t.equal(ask(1, true), 1);
  endTurn();
  t.same(begun, [0, 1], 'what came in the turn after is known');
  endTurn();
  t.same(begun, [0, 1, 0]);
  t.ok(isAtRest());
});

t.test('so many first requests wait as clients went, and no more', async (t) => {
  const { intake, ask, endTurn, isAtRest } = makeIntake();
  intake.gone();
  t.equal(ask(1_000, true), 128);
  for (let i = 0; i < 10_000; i++) intake.gone();
  t.equal(ask(10_000, true), 1_024);
  for (let i = 0; i < 3; i++) endTurn();
  t.ok(isAtRest());
});

t.test('connections that come do not keep a first request longer', async (t) => {
  const { intake, ask, begun, endTurn } = makeIntake();
  intake.gone();
  intake.accepted();
  ask(1, true);
  for (let turn = 0; turn < 2; turn++) {
    intake.accepted();
    endTurn();
  }
  t.same(begun, [0]);
});

t.test('a request that cannot begin keeps no other waiting', async (t) => {
  const { intake, endTurn } = makeIntake();
  intake.accepted();
  while (!intake.defers({ begin: () => {}, onBroken: () => {} }));
  const seen: string[] = [];
  const begin = () => {
    throw new Error('injected');
  };
  intake.defers({ begin, onBroken: (error) => seen.push(String(error)) });
  intake.defers({ begin: () => seen.push('begun'), onBroken: () => {} });
  endTurn();
  endTurn();
  t.strictSame(seen, ['Error: injected', 'begun']);
});

t.test('each begins once, also after turns in which none came', async (t) => {
  const scene = makeIntake();
  scene.intake.gone();
  for (let i = 0; i < 3; i++) {
    scene.intake.accepted();
    while (!scene.isAtRest()) scene.endTurn();
    scene.ask(2, true);
    while (!scene.isAtRest()) scene.endTurn();
  }
  t.same(scene.begun, [0, 1, 0, 1, 0, 1]);
});
