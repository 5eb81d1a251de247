import t from 'tap';
import { BALANCE_NAMES, makeService } from '../../src/model/service.ts';

t.test('a service without any setting has the documented defaults', async (t) => {
  t.strictSame(makeService('shop', {}, []), {
    name: 'shop',
    balance: 'round-robin',
    health: {
      type: 'tcp',
      path: '/',
      method: 'GET',
      status: [[200, 399]],
      intervalMs: 5_000,
      timeoutMs: 2_000,
      rise: 2,
      fall: 3,
      start: 'down',
    },
    retry: {
      attempts: 2,
      on: { reset: true, timeout: true, status: [] },
      timeoutMs: 0,
      budgetPercent: 20,
    },
    hedge: 'hang',
    eject: { failures: 3, durationMs: 5_000, maxPercent: 50 },
    timeouts: { connectMs: 2_000, responseMs: 60_000, idleMs: 60_000, eventsMs: 0, requestMs: 0 },
    drainMs: 10_000,
    slowStartMs: 0,
    queue: { size: 1_000, timeoutMs: 5_000 },
    holdMs: 0,
    backends: [],
  });
});

t.test('a health path makes the check an HTTP one unless its type is said', async (t) => {
  t.equal(makeService('shop', { health: { path: '/up' } }, []).health.type, 'http');
  t.equal(makeService('shop', { health: { path: '/up', type: 'none' } }, []).health.type, 'none');
  t.equal(makeService('shop', { health: { type: 'http' } }, []).health.path, '/');
  t.equal(makeService('shop', { health: { rise: 5 } }, []).health.type, 'tcp');
});

t.test('one setting of a group leaves the others at their defaults', async (t) => {
  const service = makeService(
    'shop',
    { health: { fall: 9 }, retry: { attempts: 0 }, timeouts: { idleMs: 0 }, drainMs: 0 },
    [],
  );
  t.match(service.health, { fall: 9, rise: 2, intervalMs: 5_000 });
  t.match(service.retry, { attempts: 0 });
  t.match(service.timeouts, { idleMs: 0, connectMs: 2_000 });
  t.equal(service.drainMs, 0, 'nothing is not the default');
});

t.test('balance, fallback and backends are taken as they are', async (t) => {
  const backend = {
    id: 'shop/a',
    name: 'a',
    address: { host: '10.0.0.1', port: 80 },
    weight: 1,
    backup: false,
    origin: { source: 'test', name: 'a' },
  };
  const service = makeService('shop', { balance: 'random', fallback: [{ kind: 'status', status: 503 }] }, [
    backend,
  ]);
  t.equal(service.balance, 'random');
  t.strictSame(service.fallback, [{ kind: 'status', status: 503 }]);
  t.strictSame(service.backends, [backend]);
  t.strictSame(
    [...BALANCE_NAMES],
    ['round-robin', 'random', 'least-connections', 'p2c', 'peak-ewma', 'hash'],
  );
});

t.test('a hash key names the balancer, unless another is named', async (t) => {
  t.equal(makeService('shop', { hash: { by: 'path' } }, []).balance, 'hash');
  t.equal(makeService('shop', { hash: { by: 'path' }, balance: 'p2c' }, []).balance, 'p2c');
});
