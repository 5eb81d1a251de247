import type { Test } from 'tap';
import { docker, uniqueName } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { startLoad } from '../../support/load.ts';
import { startOwnEngine } from '../../support/own-engine.ts';
import type { ClaimContext } from './fleet.ts';

/** @param images all that the second Engine needs */
export function daemonClaims(t: Test, { image, start }: ClaimContext, images: readonly string[]): void {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && process.env['CI'] === 'true')
    throw new Error('CI needs root for a Docker Engine of its own');
  const skip = !isRoot && 'a second Docker Engine needs root';

  t.test('dockerd restarted: routes live on, and new containers are found after it', { skip }, async (t) => {
    const engine = await startOwnEngine(t);
    const archive = `${t.testdir()}/images.tar`;
    await docker('save', '-o', archive, ...images);
    await engine.docker('load', '-i', archive);
    const fairlead = await start(t, engine);
    const host = `${uniqueName('h')}.localhost`;
    const run = (name: string) =>
      engine.docker('run', '-d', '--name', name, '-e', `NAME=${name}`, '-l', `fairlead.host=${host}`, image);
    await run('first');
    await eventually('it is routed', async () => (await fairlead.ask({ host })).body === 'first');

    const load = startLoad(fairlead.origin, { host, rate: 200 });
    await engine.stop();
    const source = await eventually('the loss is shown', async () =>
      (await fairlead.state()).sources.find((candidate) => !candidate.connected),
    );
    t.ok(source.staleSince, 'with the time since when');
    t.ok(source.error, 'and the reason');
    t.match(await fairlead.explain('first'), /traffic: yes/);
    await load.sent(200);
    await engine.start();
    const isBack = async () => (await fairlead.state()).sources.every(({ connected }) => connected);
    await eventually('it is connected again', isBack);
    await run('second');
    await eventually(
      'the new container is found',
      async () => (await fairlead.ask({ host })).body === 'second',
    );
    const { sent, failures } = await load.stop();
    t.same(failures, [], `none of ${sent} requests failed`);
  });
}
