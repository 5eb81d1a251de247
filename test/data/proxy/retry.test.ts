import t from 'tap';
import { type ErrorCode, ProxyError } from '../../../src/data/errors.ts';
import {
  isRepeatable,
  isRetryStatus,
  isTooLate,
  mayHedge,
  mayRedial,
  mayRetry,
  pauseBefore,
  retryAfter,
  statusError,
} from '../../../src/data/proxy/retry.ts';
import { makeService, type RetryPolicy } from '../../../src/model/service.ts';
import { makeExchange } from '../../support/exchange.ts';

const DEFAULTS = makeService('test', {}, []).retry;

/** Whether a request whose bytes were sent is tried again after that error. */
function retries(code: ErrorCode, method = 'GET', policy: Partial<RetryPolicy> = {}, attempts = 1): boolean {
  const exchange = makeExchange(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
  exchange.attempts = attempts;
  return mayRetry(exchange, new ProxyError(code, ''), { ...DEFAULTS, ...policy });
}

/** Whether such a request may be sent twice. */
function repeats(method: string, policy: Partial<RetryPolicy> = {}, fields = '', isOver = false): boolean {
  const exchange = makeExchange(`${method} / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  return isRepeatable(exchange, { ...DEFAULTS, ...policy }, isOver);
}

t.test('while the first attempt may still run only safe methods are sent again', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) t.ok(repeats(method), method);
  for (const method of ['PUT', 'DELETE', 'POST', 'PATCH', 'LOCK', 'get', 'X'])
    t.notOk(repeats(method), method);
});

t.test('once it is over, those of which two do what one does', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])
    t.ok(repeats(method, {}, '', true), method);
  for (const method of ['POST', 'PATCH', 'LOCK', 'get', 'X']) t.notOk(repeats(method, {}, '', true), method);
});

t.test('a policy that names methods means these, at any time', async (t) => {
  const methods = ['GET', 'PUT'];
  for (const isOver of [false, true]) {
    t.ok(repeats('PUT', { methods }, '', isOver));
    t.notOk(repeats('DELETE', { methods }, '', isOver));
  }
});

t.test('a POST may be sent twice if the policy names it and it has a key', async (t) => {
  const key = 'Idempotency-Key: "8e03978e"\r\n';
  const methods = ['GET', 'POST'];
  t.ok(repeats('POST', { methods }, key));
  t.notOk(repeats('POST', { methods }), 'without a key');
  t.notOk(repeats('POST', {}, key), 'where the policy does not name it');
  t.notOk(repeats('PUT', { methods }), 'nor any method that it leaves out');
});

t.test('what never reached a backend is retried whatever the method, what may have is not', async (t) => {
  for (const code of ['connect-failed', 'connect-timeout'] as const) {
    t.ok(retries(code, 'GET'), code);
    t.ok(retries(code, 'POST'), code);
  }
  for (const code of ['reset', 'response-timeout', 'stale-connection', 'gateway-status'] as const) {
    t.ok(retries(code, 'GET'), code);
    for (const method of ['PUT', 'DELETE', 'POST', 'PATCH']) t.notOk(retries(code, method), code);
  }
  for (const method of ['GET', 'PUT', 'DELETE']) t.ok(retries('retry-status', method), 'it has answered');
  for (const method of ['POST', 'PATCH']) t.notOk(retries('retry-status', method));
});

t.test('a gateway that answers for somebody else does not know whether that one is through', async (t) => {
  t.same(
    [500, 502, 503, 504].map((status) => statusError(status).code),
    ['retry-status', 'gateway-status', 'retry-status', 'gateway-status'],
  );
});

t.test('a try that ends with the time of the response is the last, one with less time is not', async (t) => {
  const late = new ProxyError('response-timeout', '');
  const { timeouts } = makeService('test', { timeouts: { responseMs: 60_000 } }, []);
  const exchange = makeExchange();
  t.notOk(isTooLate(exchange, late, timeouts, 59_999));
  t.ok(isTooLate(exchange, late, timeouts, 60_000));
  t.notOk(isTooLate(exchange, new ProxyError('reset', ''), timeouts, 60_000), 'that is no wait');
  t.notOk(isTooLate(exchange, late, { ...timeouts, responseMs: 0 }, 60_000), 'without a limit');
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
  const nothing = { reset: false, timeout: false, status: [] };
  t.ok(retries('connect-failed', 'POST', { on: nothing }), 'nothing was sent: there is nothing to weigh');
  t.ok(retries('connect-timeout', 'POST', { on: nothing }));
  const cases = [
    ['reset', 'reset'],
    ['stale-connection', 'reset'],
    ['response-timeout', 'timeout'],
  ] as const;
  for (const [code, key] of cases) {
    t.notOk(retries(code, 'GET', { on: nothing }), `${code} without ${key}`);
    t.ok(retries(code, 'GET', { on: { ...nothing, [key]: true } }), `${code} with ${key}`);
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
  t.notOk(mayRedial(gone, new ProxyError('stale-connection', ''), DEFAULTS));
});

t.test(
  'a connection that could not be opened for want of a descriptor is tried again, whatever the method',
  async (t) => {
    const exhausted = new ProxyError('exhausted', 'EMFILE');
    const exchange = makeExchange('POST / HTTP/1.1\r\nHost: a\r\n\r\n');
    t.ok(mayRedial(exchange, exhausted, DEFAULTS));
    exchange.redialled = true;
    t.notOk(mayRedial(exchange, exhausted, DEFAULTS), 'once');
  },
);

t.test('a connection that had gone stale is replaced once, for what may be sent twice', async (t) => {
  const stale = new ProxyError('stale-connection', '');
  const exchange = makeExchange();
  t.ok(mayRedial(exchange, stale, DEFAULTS));
  t.notOk(mayRedial(exchange, new ProxyError('reset', ''), DEFAULTS));
  exchange.redialled = true;
  t.notOk(mayRedial(exchange, stale, DEFAULTS));
  for (const method of ['POST', 'PUT', 'DELETE'])
    t.notOk(mayRedial(makeExchange(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`), stale, DEFAULTS));
});

t.test('statuses are retried only where the policy names them', async (t) => {
  t.notOk(isRetryStatus(503, DEFAULTS));
  const policy: RetryPolicy = {
    ...DEFAULTS,
    on: {
      ...DEFAULTS.on,
      status: [
        [500, 599],
        [429, 429],
      ],
    },
  };
  for (const status of [500, 503, 599, 429]) t.ok(isRetryStatus(status, policy), String(status));
  for (const status of [200, 404, 428, 430]) t.notOk(isRetryStatus(status, policy), String(status));
});

/** An exchange that was tried so often and paused before. */
function tried(attempts: number, pauses: number) {
  const exchange = makeExchange();
  exchange.attempts = attempts;
  exchange.pauses = pauses;
  return exchange;
}

t.test(
  'the last one that refused is asked again, after a wait that doubles and that chance spreads',
  async (t) => {
    const service = makeService('test', { retry: { attempts: 3 } }, []);
    const refused = new ProxyError('connect-failed', 'ECONNREFUSED');
    const pause = (attempts: number, pauses: number, random = 0.5) =>
      pauseBefore(tried(attempts, pauses), service, refused, () => random);
    t.same([pause(1, 0), pause(2, 1), pause(3, 2), pause(4, 3)], [200, 400, 800, undefined]);
    t.same([pause(1, 0, 0), pause(1, 0, 0.999)], [100, 299.8]);
    t.equal(
      pauseBefore(tried(1, 0), service, new ProxyError('reset', ''), () => 0.5),
      undefined,
      'it had the request',
    );
    const fallback = makeService('test', { fallback: [{ kind: 'status', status: 503 }] }, []);
    t.equal(
      pauseBefore(tried(1, 0), fallback, refused, () => 0.5),
      undefined,
      'something else answers now',
    );
  },
);

t.test('a Retry-After is seconds or a date', async (t) => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  t.equal(retryAfter('7', now), 7_000);
  t.equal(retryAfter('Sat, 21 Nov 2026 12:00:30 GMT', now), 30_000);
  for (const text of [undefined, '', '0', 'soon', '-5', '1.5', 'Sat, 21 Nov 2026 11:00:00 GMT'])
    t.equal(retryAfter(text, now), 0, `${text}`);
});

t.test('a second attempt joins the first where it does no harm', async (t) => {
  const get = makeExchange();
  get.attempts = 1;
  get.body.markSent(true);
  t.ok(mayHedge(get, DEFAULTS));
  t.notOk(mayHedge(get, { ...DEFAULTS, attempts: 0 }), 'retries are off');
  t.notOk(
    mayHedge(get, { ...DEFAULTS, on: { ...DEFAULTS.on, timeout: false } }),
    'late answers are left at that',
  );
  const post = makeExchange('POST / HTTP/1.1\r\nHost: a\r\n\r\n');
  t.ok(mayHedge(post, DEFAULTS), 'nothing was sent');
  post.body.markSent(false);
  t.notOk(mayHedge(post, DEFAULTS));
});
