import t from 'tap';
import type { HealthFlag } from '../../src/model/health.ts';
import type { Problem } from '../../src/model/problem.ts';
import { makeService } from '../../src/model/service.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/model/snapshot.ts';
import { makeChangeLog } from '../../src/telemetry/change-log.ts';
import { FakeClock } from '../support/clock.ts';
import { makeLogged } from '../support/logged.ts';

/** What is logged, each line with its level. */
function makeLoggedChanges() {
  const clock = new FakeClock();
  const { log, lines } = makeLogged();
  return { clock, lines, logChanges: makeChangeLog(log, clock) };
}

/** So many backends of `shop` with these flags; the first is called `web-0`. */
function fleet(count: number, flags: readonly HealthFlag[], reason = 'HTTP 500'): Snapshot {
  const backends = Array.from({ length: count }, (_, i) => ({
    id: `shop/${i}:80`,
    name: `web-${i}`,
    address: { host: `10.0.0.${i}`, port: 80 },
    weight: 1,
    backup: false,
    origin: { source: 'docker', name: `web-${i}` },
  }));
  return {
    ...EMPTY_SNAPSHOT,
    services: [makeService('shop', {}, backends)],
    health: new Map(backends.map(({ id }) => [id, { flags, reason, since: 0 }])),
  };
}

/** A snapshot of nothing but problems: of these containers, with the same label. */
function wrong(...messages: readonly string[]): Snapshot {
  const problems = messages.map((message, i): Problem => {
    return { severity: 'error', source: 'docker', subject: `web-${i}`, where: 'health', message };
  });
  return { ...EMPTY_SNAPSHOT, problems };
}

t.test('a backend that fails is a warning with its name and reason, one that is back is not', async (t) => {
  const { lines, logChanges } = makeLoggedChanges();
  const [well, ill] = [fleet(1, [], 'HTTP 200'), fleet(1, ['FailedCheck'])];
  logChanges(ill, well);
  logChanges(well, ill);
  t.strictSame(lines, [
    'warn: web-0 of shop is failing its check (HTTP 500)',
    'info: web-0 of shop is available (HTTP 200)',
  ]);
});

t.test('what was paused or is ill by its HEALTHCHECK is a warning, what drains is none', async (t) => {
  const { lines, logChanges } = makeLoggedChanges();
  const well = fleet(1, []);
  logChanges(fleet(1, ['FailedCheck'], 'the container is paused'), well);
  logChanges(fleet(1, ['FailedCheck'], 'its HEALTHCHECK fails'), well);
  logChanges(fleet(1, ['Draining'], 'the container was sent SIGTERM'), well);
  logChanges(fleet(1, ['Maintenance'], 'maintenance was ordered'), well);
  t.strictSame(
    lines.map((line) => line.slice(0, 5)),
    ['warn:', 'warn:', 'info:', 'info:'],
  );
  t.match(lines[0], 'web-0 of shop is failing its check (the container is paused)');
});

t.test('of hundreds that fail at one time fifty are named, and the others counted', async (t) => {
  const { clock, lines, logChanges } = makeLoggedChanges();
  logChanges(fleet(300, ['FailedCheck']), fleet(300, []));
  t.equal(lines.length, 50);
  await clock.advance(1_000);
  t.equal(lines.length, 51);
  t.equal(
    lines.at(-1),
    'warn: 250 more backends changed their health in the last second: see fairlead status',
  );
  logChanges(fleet(1, []), fleet(1, ['FailedCheck']));
  t.equal(lines.length, 52, 'and then they are named again');
});

t.test('hundreds of problems at one time are counted, too, and hide no change of health', async (t) => {
  const { clock, lines, logChanges } = makeLoggedChanges();
  logChanges(wrong(...Array.from({ length: 80 }, () => 'is wrong')), EMPTY_SNAPSHOT);
  t.equal(lines.length, 50);
  logChanges(fleet(1, ['Ejected']), fleet(1, []));
  t.equal(lines.length, 51);
  await clock.advance(1_000);
  t.match(lines.at(-1), /^warn: 30 more problems came or were solved in the last second/);
});

t.test('a problem in other words is told, and not said to be solved', async (t) => {
  const { lines, logChanges } = makeLoggedChanges();
  const [refused, silent] = [wrong('connection refused'), wrong('no answer')];
  logChanges(refused, EMPTY_SNAPSHOT);
  logChanges(silent, refused);
  logChanges(EMPTY_SNAPSHOT, silent);
  t.strictSame(lines, [
    'warn: web-0: health: connection refused',
    'warn: web-0: health: no answer',
    'info: solved: web-0: health: no answer',
  ]);
});

/** Snapshots of one backend that is there, and then not. */
function comeAndGo(logChanges: (after: Snapshot, before: Snapshot) => void, count = 1): void {
  const [there, away] = [fleet(count, []), { ...EMPTY_SNAPSHOT, services: [makeService('shop', {}, [])] }];
  logChanges(there, away);
  logChanges(away, there);
}

t.test(
  'a backend that comes and goes all the time is told three times, and then once a minute',
  async (t) => {
    const { clock, lines, logChanges } = makeLoggedChanges();
    for (let i = 0; i < 30; i++) {
      comeAndGo(logChanges);
      await clock.advance(1_000);
    }
    t.strictSame(
      lines.map((line) => line.slice(0, 14)),
      [
        'info: + backen',
        'info: - backen',
        'info: + backen',
        'info: - backen',
        'info: + backen',
        'info: - backen',
      ],
    );
    await clock.advance(30_000);
    const times = (count: string) =>
      `info: backend web-0 of shop comes and goes: it changed ${count} in the last minute, at last - backend web-0 of shop`;
    t.strictSame(lines.slice(6), [times('60 times')]);
    comeAndGo(logChanges);
    await clock.advance(60_000);
    t.strictSame(lines.slice(7), [times('2 times')], 'also when it slows down');
    await clock.advance(110_000);
    comeAndGo(logChanges);
    t.equal(lines.length, 8, 'and to less than once a minute');
    await clock.advance(190_000);
    t.equal(lines.length, 9);
    t.equal(clock.pending, 0, 'and nothing is counted where nothing changes');
    comeAndGo(logChanges);
    t.equal(lines.length, 11, 'and after two quiet minutes line by line');
  },
);

t.test('what comes and goes hides no change of others', async (t) => {
  const { lines, logChanges } = makeLoggedChanges();
  for (let i = 0; i < 10; i++) comeAndGo(logChanges);
  lines.length = 0;
  const { services } = fleet(1, []);
  logChanges({ ...EMPTY_SNAPSHOT, services: [...services, makeService('blog', {}, [])] }, EMPTY_SNAPSHOT);
  t.strictSame(lines, ['info: + service shop', 'info: + service blog']);
});

t.test('of thousands that come and go fifty are named each minute, and the others counted', async (t) => {
  const { clock, lines, logChanges } = makeLoggedChanges();
  for (let i = 0; i < 4; i++) comeAndGo(logChanges, 5_000);
  lines.length = 0;
  await clock.advance(60_000);
  t.equal(lines.length, 51);
  t.equal(lines.at(-1), 'info: 4,950 more come and go: see fairlead status');
});
