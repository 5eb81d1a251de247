import t from 'tap';
import { REQUEST_CASES, RESPONSE_CASES } from './cases/index.ts';
import { inLanes, splitsInTwo, startLane } from './lane.ts';
import { runRequestCase } from './run-request.ts';
import { runResponseCase, startResponseLane } from './run-response.ts';

const LANES = 24;

t.test('over TLS requests through the proxy mean what they mean without', async (t) => {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => startLane(t, true)));
  const wrong = new Map<unknown, string>();
  await inLanes(lanes, REQUEST_CASES, async (lane, one) => {
    wrong.set(one, await runRequestCase(lane, one, splitsInTwo));
  });
  for (const one of REQUEST_CASES) t.equal(wrong.get(one), '', `${one.topic}: ${one.name}`);
});

t.test('and so do responses', async (t) => {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => startResponseLane(t, true)));
  const wrong = new Map<unknown, string>();
  await inLanes(lanes, RESPONSE_CASES, async (lane, one) => {
    wrong.set(one, await runResponseCase(lane, one, splitsInTwo));
  });
  for (const one of RESPONSE_CASES) t.equal(wrong.get(one), '', `${one.topic}: ${one.name}`);
});
