import t from 'tap';
import { REQUEST_CASES } from './cases/index.ts';
import { inLanes, startLane } from './lane.ts';
import { runRequestCase } from './run-request.ts';

const LANES = 24;

t.test('requests through the proxy: all invariants, for every way in which the bytes come', async (t) => {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => startLane(t)));
  const wrong = new Map<unknown, string>();
  await inLanes(lanes, REQUEST_CASES, async (lane, one) => {
    wrong.set(one, await runRequestCase(lane, one));
  });
  for (const one of REQUEST_CASES) t.equal(wrong.get(one), '', `${one.topic}: ${one.name}`);
  // I2: nothing reached the origin that the proxy does not know of.
  const arrived = lanes.reduce((sum, { origin }) => sum + origin.arrived.length, 0);
  const logged = lanes.reduce(
    (sum, { proxy }) => sum + proxy.entries.filter(({ backend }) => backend !== '').length,
    0,
  );
  t.ok(arrived <= logged, `${arrived} requests arrived, ${logged} were logged`);
});
