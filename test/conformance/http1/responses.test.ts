import t from 'tap';
import { RESPONSE_CASES } from './cases/index.ts';
import { inLanes } from './lane.ts';
import { runResponseCase, startResponseLane } from './run-response.ts';

const LANES = 24;
const NAME =
  'responses through the proxy: the client and whoever comes next, for every way in which the bytes come';

t.test(NAME, async (t) => {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => startResponseLane(t)));
  const wrong = new Map<unknown, string>();
  await inLanes(lanes, RESPONSE_CASES, async (lane, one) => {
    wrong.set(one, await runResponseCase(lane, one));
  });
  for (const one of RESPONSE_CASES) t.equal(wrong.get(one), '', `${one.topic}: ${one.name}`);
});
