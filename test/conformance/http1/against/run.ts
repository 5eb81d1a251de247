// Runs the request cases through Fairlead and through other proxies of this machine, and writes docs/conformance.md:
//   npm run conformance -- --against nginx,haproxy,caddy
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { REQUEST_CASES } from '../cases/index.ts';
import { inLanes, startLane } from '../lane.ts';
import { startOrigin } from '../origin.ts';
import { startTap } from '../tap.ts';
import { type Observation, observe, type PeerLane } from './observe.ts';
import { type Contender, conformancePage, UNEXPLAINED } from './page.ts';
import { PEERS, quietPort, startPeer, versionOf } from './peers.ts';

const LANES = 24;
const PAGE = new URL('../../../../docs/conformance.md', import.meta.url);

const cleanups: (() => unknown)[] = [];
const owner = { teardown: (run: () => unknown) => void cleanups.push(run) };

async function observations(lanes: readonly PeerLane[]): Promise<Observation[]> {
  const found = new Map<unknown, Observation>();
  await inLanes(lanes, REQUEST_CASES, async (lane, one) => {
    const first = await observe(lane, one);
    // What differs is looked at again: a busy machine may have been the reason.
    found.set(one, first.isSame ? first : await observe(lane, one));
  });
  return REQUEST_CASES.map((one) => found.get(one) as Observation);
}

async function ourselves(): Promise<Contender> {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => startLane(owner)));
  const found = await observations(
    lanes.map(({ proxy, tap, origin }) => ({ port: proxy.port, tap, origin })),
  );
  return { name: 'fairlead', version: '', found };
}

async function peer(name: string, version: string): Promise<Contender> {
  const lanes: PeerLane[] = [];
  for (let i = 0; i < LANES; i++) {
    const origin = await startOrigin(owner);
    lanes.push({ port: await quietPort(), tap: await startTap(owner, origin.port), origin });
  }
  const stop = await startPeer(
    name,
    lanes.map(({ port, tap }) => ({ from: port, to: tap.port })),
  );
  try {
    return { name, version, found: await observations(lanes) };
  } finally {
    await stop();
  }
}

const { values } = parseArgs({
  options: { against: { type: 'string', default: Object.keys(PEERS).join(',') } },
});
const contenders = [await ourselves()];
for (const name of values.against.split(',')) {
  const version = versionOf(name);
  if (version === undefined) console.log(`${name} is not on this machine: left out`);
  else contenders.push(await peer(name, version));
}
for (const { name, found } of contenders) {
  console.log(
    `${name}: ${found.filter(({ isSame }) => isSame).length} of ${found.length} as the cases ask for`,
  );
}
const page = conformancePage(REQUEST_CASES, contenders);
writeFileSync(PAGE, page);
if (page.includes(UNEXPLAINED)) {
  console.log(
    `docs/conformance.md has differences that ${UNEXPLAINED}: see explanations.ts beside this file`,
  );
  process.exitCode = 1;
}
await Promise.all(cleanups.reverse().map((run) => run()));
