import t from 'tap';
import { parseResponseHead, type ResponseHead } from '../../../src/data/message/response-head.ts';
import { answered } from '../../../src/data/proxy/attempt.ts';
import type { ForwardContext } from '../../../src/data/proxy/forward-context.ts';
import { dropAttempt } from '../../../src/data/proxy/hedge.ts';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import { makeService } from '../../../src/model/service.ts';
import { FakeClock } from '../../support/clock.ts';
import { makeBackendState, makeExchange, RecordingUpstream } from '../../support/exchange.ts';
import { RULES } from '../../support/heads.ts';

const OK = 'HTTP/1.1 200 OK\r\n\r\n';
const head = parseResponseHead(OK, OK.length - 4, 'GET', RULES) as ResponseHead;

/** A request that went to one backend at 0 ms and to another, too, at 186 ms; it is 195 ms now. */
function makeHedged() {
  const service = new ServiceState(makeService('test', {}, []), new FakeClock(), Math.random);
  service.isTimed = true;
  const [first, second] = [makeBackendState('first'), makeBackendState('second')];
  const exchange = makeExchange();
  const [one, other] = [new RecordingUpstream(), new RecordingUpstream()];
  Object.assign(exchange, { service, backend: first, upstream: one, attemptedAt: 0 });
  exchange.hedge = { backend: second, upstream: other, startedAt: 186 };
  const context = { elapsed: () => 195 } as ForwardContext;
  const answer = (backend: typeof first) => answered(exchange, service, backend, head, context);
  return { service, exchange, first, second, one, answer };
}

t.test('of two attempts each is measured from its own start', async (t) => {
  const { first, second, answer } = makeHedged();
  answer(first);
  answer(second);
  t.same([first.latency.expected(195), second.latency.expected(195)], [195, 9]);
});

t.test('also the second when the first has failed', async (t) => {
  const { service, exchange, second, one, answer } = makeHedged();
  dropAttempt(exchange, service, one);
  answer(second);
  t.equal(second.latency.expected(195), 9);
});
