// How long from a container's start to its first routed request, on the local Docker Engine.
import t from 'tap';
import { docker, runContainer, testImage, uniqueName } from '../../test/support/docker.ts';
import { startApp } from '../../test/support/fairlead.ts';

const RUNS = 20;
const POLL_MS = 2;

const image = await testImage(t);
if (image === undefined) throw new Error('this needs a Docker Engine');
const fairlead = await startApp(t);
const times: number[] = [];
for (let i = 0; i < RUNS; i++) times.push(await measure(image));
times.sort((a, b) => a - b);
t.comment(`start to first routed request of ${RUNS} containers, in ms:`);
t.comment(
  `minimum ${times[0]?.toFixed(0)}, median ${times[RUNS / 2]?.toFixed(0)}, maximum ${times.at(-1)?.toFixed(0)}`,
);
t.end();

async function measure(image: string): Promise<number> {
  const host = `${uniqueName('h')}.localhost`;
  const name = uniqueName('c');
  const running = runContainer(t, image, { name, labels: { 'fairlead.host': host } });
  while ((await fairlead.ask({ host })).body !== name)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  const routed = performance.timeOrigin + performance.now();
  await running;
  // The Engine writes it down just before it tells of it.
  const started = Date.parse(await docker('inspect', '-f', '{{.State.StartedAt}}', name));
  await docker('rm', '-f', name);
  return routed - started;
}
