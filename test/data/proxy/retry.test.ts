import t from 'tap';
import { type ErrorCode, ProxyError } from '../../../src/data/proxy/errors.ts';
import { isIdempotent, isRetryStatus, mayRedial, mayRetry } from '../../../src/data/proxy/retry.ts';
import { makeService, type RetryPolicy } from '../../../src/model/service.ts';
import { makeExchange } from '../../support/exchange.ts';

const DEFAULTS = makeService('test', {}, []).retry;

/** Whether a request whose bytes were sent is tried again after that error. */
function retries(code: ErrorCode, method = 'GET', policy: Partial<RetryPolicy> = {}, attempts = 1): boolean {
  const exchange = makeExchange(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
  exchange.attempts = attempts;
  return mayRetry(exchange, new ProxyError(code, ''), { ...DEFAULTS, ...policy });
}

t.test('doing it twice has the effect of doing it once for these methods alone', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])
    t.ok(isIdempotent(method), method);
  for (const method of ['POST', 'PATCH', 'CONNECT', 'LOCK', 'get', 'X'])
    t.notOk(isIdempotent(method), method);
});

t.test('what never reached a backend is retried whatever the method, what may have is not', async (t) => {
  for (const code of ['connect-failed', 'connect-timeout'] as const) {
    t.ok(retries(code, 'GET'), code);
    t.ok(retries(code, 'POST'), code);
  }
  for (const code of ['reset', 'response-timeout', 'stale-connection', 'retry-status'] as const) {
    t.ok(retries(code, 'PUT'), code);
    t.notOk(retries(code, 'POST'), code);
  }
});

t.test('errors that another backend would not mend are final', async (t) => {
  const final = [
    'bad-request',
    'no-route',
    'client-gone',
    'bad-response',
    'body-stalled',
    'request-timeout',
    'unavailable',
  ];
  for (const code of final) t.notOk(retries(code as ErrorCode), code);
});

t.test('the policy says what is tried again', async (t) => {
  const nothing = { onReset: false, onTimeout: false };
  t.ok(retries('connect-failed', 'POST', nothing), 'nothing was sent: there is nothing to weigh');
  t.ok(retries('connect-timeout', 'POST', nothing));
  const cases = [
    ['reset', 'onReset'],
    ['stale-connection', 'onReset'],
    ['response-timeout', 'onTimeout'],
  ] as const;
  for (const [code, key] of cases) {
    t.notOk(retries(code, 'GET', nothing), `${code} without ${key}`);
    t.ok(retries(code, 'GET', { ...nothing, [key]: true }), `${code} with ${key}`);
  }
});

t.test('there are as many more tries as the policy allows', async (t) => {
  for (const attempts of [0, 1, 2]) {
    for (const made of [1, 2, 3, 4]) {
      t.equal(
        retries('connect-failed', 'GET', { attempts }, made),
        made <= attempts,
        `${made} of 1+${attempts}`,
      );
    }
  }
});

t.test('once the client has an answer, or part of the body is gone, nothing is tried again', async (t) => {
  const answered = makeExchange();
  answered.answered = true;
  t.notOk(mayRetry(answered, new ProxyError('reset', ''), DEFAULTS));
  const gone = makeExchange('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n');
  gone.body.forget();
  t.notOk(mayRetry(gone, new ProxyError('connect-failed', ''), DEFAULTS));
  t.notOk(mayRedial(gone, new ProxyError('stale-connection', '')));
});

t.test(
  'a connection that could not be opened for want of a descriptor is tried again, whatever the method',
  async (t) => {
    const exhausted = new ProxyError('exhausted', 'EMFILE');
    const exchange = makeExchange('POST / HTTP/1.1\r\nHost: a\r\n\r\n');
    t.ok(mayRedial(exchange, exhausted));
    exchange.redialled = true;
    t.notOk(mayRedial(exchange, exhausted), 'once');
  },
);

t.test('a connection that had gone stale is replaced once, for what may be sent twice', async (t) => {
  const stale = new ProxyError('stale-connection', '');
  const exchange = makeExchange();
  t.ok(mayRedial(exchange, stale));
  t.notOk(mayRedial(exchange, new ProxyError('reset', '')));
  exchange.redialled = true;
  t.notOk(mayRedial(exchange, stale));
  t.notOk(mayRedial(makeExchange('POST / HTTP/1.1\r\nHost: a\r\n\r\n'), stale));
});

t.test('statuses are retried only where the policy names them', async (t) => {
  t.notOk(isRetryStatus(503, DEFAULTS));
  const policy: RetryPolicy = {
    ...DEFAULTS,
    onStatus: [
      [500, 599],
      [429, 429],
    ],
  };
  for (const status of [500, 503, 599, 429]) t.ok(isRetryStatus(status, policy), String(status));
  for (const status of [200, 404, 428, 430]) t.notOk(isRetryStatus(status, policy), String(status));
});
