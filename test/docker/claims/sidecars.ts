import type { Test } from 'tap';
import { docker, runContainer } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { type ClaimContext, startFleet } from './fleet.ts';

/** Containers that share the network of another one, as those behind a VPN do. */
export function sidecarClaims(t: Test, context: ClaimContext): void {
  t.test(
    'a container behind another one’s network is routed, and says so when that one is gone',
    async (t) => {
      const fleet = await startFleet(t, context);
      const vpn = await runContainer(t, context.image);
      const name = await fleet.add(
        { 'fairlead.port': '9090' },
        { args: ['--network', `container:${vpn}`], env: { PORT: '9090' } },
      );
      await fleet.available([name]);
      t.equal((await fleet.ask()).body, name);
      await docker('stop', '-t', '0', vpn);
      await eventually('it is told that the other one is down', async () =>
        (await fleet.fairlead.explain(name)).includes(
          `shares the network of container ${vpn}, which is exited`,
        ),
      );
      t.equal((await fleet.ask()).status, 503);
      await docker('start', vpn);
      await docker('restart', '-t', '0', name);
      await fleet.available([name]);
      t.equal((await fleet.ask()).body, name);
      await docker('rm', '-f', vpn);
      await eventually('it is told that the other one is gone', async () =>
        /shares the network of container [0-9a-f]{12}, which is gone/.test(
          await fleet.fairlead.explain(name),
        ),
      );
    },
  );

  t.test('a container without a network is told so, with or without a port', async (t) => {
    const fleet = await startFleet(t, context);
    for (const labels of [{}, { 'fairlead.port': '8080' }]) {
      const name = await fleet.add(labels, { args: ['--network', 'none'] });
      await eventually('the cause is told', async () =>
        (await fleet.fairlead.explain(name)).includes('the container has no network (--network none)'),
      );
    }
  });
}
