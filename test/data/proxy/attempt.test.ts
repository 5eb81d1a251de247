import t from 'tap';
import { parseResponseHead, type ResponseHead } from '../../../src/data/message/response-head.ts';
import { Attempt } from '../../../src/data/proxy/attempt.ts';
import { dropAttempt, keepAttempt } from '../../../src/data/proxy/hedge.ts';
import { judgeResponse } from '../../../src/data/proxy/judge.ts';
import type { Ejector } from '../../../src/data/upstream/ejector.ts';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import { makeService } from '../../../src/model/service.ts';
import { FakeClock } from '../../support/clock.ts';
import { makeAttemptContext, makeBackendState, makeExchange } from '../../support/exchange.ts';
import { RULES } from '../../support/heads.ts';

const OK = 'HTTP/1.1 200 OK\r\n\r\n';
const head = parseResponseHead(OK, OK.length - 4, 'GET', RULES) as ResponseHead;
const NOBODY = {} as Ejector;

function makeTimed() {
  const service = new ServiceState(makeService('test', {}, []), new FakeClock(), Math.random);
  service.isTimed = true;
  return service;
}

/** A request that went to one backend at 0 ms and to another, too, at 186 ms; it is 195 ms now. */
function makeHedged() {
  const service = makeTimed();
  const [first, second] = [makeBackendState('first'), makeBackendState('second')];
  const exchange = makeExchange();
  const at = (ms: number) => makeAttemptContext({ elapsed: () => ms });
  const one = new Attempt(exchange, service, first, at(0));
  const two = new Attempt(exchange, service, second, at(186), { isPaid: true });
  exchange.attempt = one;
  exchange.second = two;
  const answer = (attempt: Attempt) => judgeResponse(attempt, head, NOBODY, at(195));
  return { service, exchange, first, second, one, two, answer };
}

t.test('of two attempts each is measured from its own start', async (t) => {
  const { first, second, one, two, answer } = makeHedged();
  answer(one);
  answer(two);
  t.same([first.latency.expected(195), second.latency.expected(195)], [195, 9]);
});

t.test('also the second when the first has failed', async (t) => {
  const { second, one, two, answer } = makeHedged();
  dropAttempt(one);
  answer(two);
  t.equal(second.latency.expected(195), 9);
});

t.test('one of two that answers is all there is: the other leaves its backend', async (t) => {
  const { exchange, first, second, one, two } = makeHedged();
  t.same([first.inFlight, second.inFlight], [1, 1]);
  t.equal(keepAttempt(two), true);
  t.same([first.inFlight, second.inFlight], [0, 1]);
  t.same([exchange.attempt, exchange.second, one.outcome], [two, undefined, 'cancelled']);
});

t.test(
  'what was paid for an attempt is given back with its end, once, and goes to the one that replaces it',
  async (t) => {
    const service = makeTimed();
    const backend = makeBackendState('a');
    const free = () => {
      let count = 0;
      while (service.pay()) count++;
      for (let i = 0; i < count; i++) service.refund();
      return count;
    };
    const before = free();
    service.pay();
    const first = new Attempt(makeExchange(), service, backend, makeAttemptContext(), { isPaid: true });
    t.equal(free(), before - 1);
    const isPaid = first.replace();
    t.same([isPaid, free(), backend.inFlight], [true, before - 1, 0]);
    const next = new Attempt(makeExchange(), service, backend, makeAttemptContext(), { isPaid });
    for (let i = 0; i < 3; i++) next.end('failed');
    t.same([free(), backend.inFlight], [before, 0]);
  },
);

t.test('an attempt that cannot be started holds nothing', async (t) => {
  const backend = makeBackendState('a');
  const context = makeAttemptContext({
    connector: {
      start: () => {
        throw new Error('no');
      },
    },
  });
  t.throws(() => new Attempt(makeExchange(), makeTimed(), backend, context), { message: 'no' });
  t.equal(backend.inFlight, 0);
});

t.test(
  'a backend is waited for while it owes a connection, or the response to a whole request',
  async (t) => {
    const attempt = (text?: string) =>
      new Attempt(makeExchange(text), makeTimed(), makeBackendState('a'), makeAttemptContext());
    const get = attempt();
    t.equal(get.isAwaited, true);
    get.connected();
    t.equal(get.isAwaited, true);
    get.outcome = 'responded';
    t.equal(get.isAwaited, false);
    const post = attempt('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n');
    post.exchange.attempt = post;
    t.equal(post.isAwaited, true);
    post.connected();
    t.equal(post.isAwaited, false, "it is the client's turn");
    post.exchange.receiveEnd('');
    t.equal(post.isAwaited, true);
  },
);
