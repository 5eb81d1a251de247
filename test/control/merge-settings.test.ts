import t from 'tap';
import { mergeSettings } from '../../src/control/merge-settings.ts';
import { KEYS } from '../../src/model/keys/key-table.ts';
import { formatProblem, type Problem } from '../../src/model/problem.ts';
import type { ServiceSettings } from '../../src/model/service.ts';
import { makeClaim } from '../support/claims.ts';

/** The settings of members, the later the newer, as one; and the notices. */
function merge(...all: readonly ServiceSettings[]) {
  const problems: Problem[] = [];
  const claims = all.map((settings, i) => makeClaim(`c${i}`, { settings, createdAt: i }));
  const settings = mergeSettings('shop', claims, problems);
  return { settings, notices: problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`) };
}

t.test('members that say nothing leave every default', async (t) => {
  t.same(merge({}, {}), { settings: {}, notices: [] });
});

t.test('what one member says holds for all', async (t) => {
  const { settings, notices } = merge({ balance: 'random', health: { path: '/x' } }, {});
  t.same(settings, { balance: 'random', health: { path: '/x' } });
  t.same(notices, []);
});

/** Every setting there is, each with two values; by the type none can be left out. */
type Whole = { readonly [K in keyof ServiceSettings]-?: Required<NonNullable<ServiceSettings[K]>> };
const ONE: Whole = {
  balance: 'hash',
  hash: { by: 'header', name: 'x' },
  health: {
    type: 'http',
    path: '/1',
    method: 'GET',
    host: 'one',
    port: 1,
    status: [[201, 201]],
    intervalMs: 1,
    timeoutMs: 1,
    rise: 1,
    fall: 1,
    start: 'up',
  },
  retry: {
    attempts: 1,
    on: { reset: true, timeout: true, status: [[501, 501]] },
    timeoutMs: 1,
    methods: ['GET'],
    budgetPercent: 1,
  },
  eject: { failures: 1, durationMs: 1, maxPercent: 1 },
  hedge: 'hang',
  timeouts: { connectMs: 1, responseMs: 1, idleMs: 1, requestMs: 1 },
  drainMs: 1,
  sticky: { by: 'cookie', name: 'one', sameSite: 'lax', secure: 'auto' },
  slowStartMs: 1,
  queue: { size: 1, timeoutMs: 1 },
  holdMs: 1,
  fallback: [{ kind: 'status', status: 501 }],
  errorPages: [{ status: [501, 501], file: 'one' }],
  redirect: 'https',
  headers: { request: { 'X-A': '1' }, response: { Server: '1' } },
};
const TWO: Whole = {
  balance: 'random',
  hash: { by: 'header', name: 'y' },
  health: {
    type: 'tcp',
    path: '/2',
    method: 'HEAD',
    host: 'two',
    port: 2,
    status: [[202, 202]],
    intervalMs: 2,
    timeoutMs: 2,
    rise: 2,
    fall: 2,
    start: 'down',
  },
  retry: {
    attempts: 2,
    on: { reset: false, timeout: false, status: [[502, 502]] },
    timeoutMs: 2,
    methods: ['HEAD'],
    budgetPercent: 2,
  },
  eject: { failures: 2, durationMs: 2, maxPercent: 2 },
  hedge: 'off',
  timeouts: { connectMs: 2, responseMs: 2, idleMs: 2, requestMs: 2 },
  drainMs: 2,
  sticky: { by: 'none', name: 'two', sameSite: 'strict', secure: 'always' },
  slowStartMs: 2,
  queue: { size: 2, timeoutMs: 2 },
  holdMs: 2,
  fallback: [{ kind: 'status', status: 502 }],
  errorPages: [{ status: [502, 502], file: 'two' }],
  redirect: 'https',
  headers: { request: { 'X-A': '' }, response: { Server: '2' } },
};

t.test('every setting reaches the service, and every conflict is told by the name of its key', async (t) => {
  const { settings, notices } = merge(ONE, TWO);
  t.same(settings, TWO);
  t.same(merge(ONE).settings, ONE);
  const told = notices.map((notice) => /^notice c0: ([\w.-]+):/.exec(notice)?.[1] ?? '');
  t.same(
    told.filter((key) => !KEYS.has(key)),
    [],
    'each is a key that somebody can set',
  );
  t.ok(told.includes('hedge') && told.includes('errors') && told.includes('eject.failures'));
});

t.test('members that agree are no conflict', async (t) => {
  const settings: ServiceSettings = {
    drainMs: 5,
    retry: { on: { reset: true, timeout: true, status: [[500, 599]] } },
  };
  t.same(merge(settings, structuredClone(settings)), { settings, notices: [] });
});

t.test('of those that differ the newest wins, and the others get a notice', async (t) => {
  const { settings, notices } = merge(
    { balance: 'random' },
    { balance: 'round-robin' },
    { balance: 'least-connections' },
  );
  t.same(settings, { balance: 'least-connections' });
  t.same(notices, [
    'notice c0: balance: differs from what c2 says of service shop, which is newer and wins',
    'notice c1: balance: differs from what c2 says of service shop, which is newer and wins',
  ]);
});

t.test('each value is decided on its own, also within a group', async (t) => {
  const { settings, notices } = merge(
    { health: { path: '/old', rise: 3 }, timeouts: { connectMs: 1 } },
    { health: { path: '/new', fall: 4 }, timeouts: { idleMs: 2 }, drainMs: 7 },
  );
  t.same(settings, {
    drainMs: 7,
    health: { path: '/new', rise: 3, fall: 4 },
    timeouts: { connectMs: 1, idleMs: 2 },
  });
  t.equal(notices.length, 1);
});

t.test('notices call each key as labels do, and several parts of one key once', async (t) => {
  const { notices } = merge(
    {
      drainMs: 1,
      fallback: [{ kind: 'status', status: 500 }],
      health: { intervalMs: 1, timeoutMs: 1, path: '/a' },
      retry: { on: { reset: true, timeout: true, status: [] }, timeoutMs: 1, attempts: 1 },
      timeouts: { connectMs: 1, responseMs: 1, idleMs: 1, requestMs: 1 },
    },
    {
      drainMs: 2,
      fallback: [{ kind: 'status', status: 501 }],
      health: { intervalMs: 2, timeoutMs: 2, path: '/b' },
      retry: {
        on: { reset: false, timeout: false, status: [[1, 2]] },
        timeoutMs: 2,
        attempts: 2,
      },
      timeouts: { connectMs: 2, responseMs: 2, idleMs: 2, requestMs: 2 },
    },
  );
  const keys = notices.map((notice) => /^notice c0: ([\w.-]+):/.exec(notice)?.[1]);
  t.same(keys.sort(), [
    'drain',
    'fallback',
    'health.interval',
    'health.path',
    'health.timeout',
    'retry.attempts',
    'retry.on',
    'retry.timeout',
    'timeout.connect',
    'timeout.idle',
    'timeout.request',
    'timeout.response',
  ]);
});

t.test('what wins although it is older, because it serves, is not called newer', async (t) => {
  const problems: Problem[] = [];
  const stopped = makeClaim('young', { settings: { drainMs: 1 }, createdAt: 2, serves: false });
  const serving = makeClaim('old', { settings: { drainMs: 2 }, createdAt: 1 });
  t.same(mergeSettings('shop', [stopped, serving], problems), { drainMs: 2 });
  t.match(problems, [{ subject: 'young', message: /which serves and wins$/ }]);
});
