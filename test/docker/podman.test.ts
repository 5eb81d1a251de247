// Podman in the place of Docker. CI need not have it.
import t from 'tap';
import { testImage } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startApp } from '../support/fairlead.ts';
import { startPodman, whyNoPodman } from '../support/podman.ts';

const image = await testImage(t);
const reason = await whyNoPodman();
if (reason !== '') t.comment(`skipped: ${reason}`);
else if (image !== undefined) {
  t.test('containers of Podman are routed, before its first event and after it', async (t) => {
    const { endpoint, podman, run } = await startPodman(t, image);
    const label = (host: string) => ({ 'fairlead.host': `${host}.localhost` });
    const first = await run(label('one')).catch((error: Error) => {
      t.comment(`skipped: Podman runs no container here: ${error.message}`);
    });
    if (first === undefined) return;
    const fairlead = await startApp(t, '--docker', endpoint);
    const answers = async (host: string, body: string) =>
      (await fairlead.ask({ host: `${host}.localhost` })).body === body;
    t.ok(await eventually('what is there is routed', () => answers('one', first)));
    const second = await run(label('two'), '-p', '8080');
    t.ok(await eventually('what comes is routed', () => answers('two', second)));
    const sharing = { ...label('three'), 'fairlead.port': '9090' };
    const third = await run(sharing, '--network', `container:${first}`, '-e', 'PORT=9090');
    t.ok(await eventually('what shares a network is routed', () => answers('three', third)));
    await podman('rm', '-f', '-t', '0', second);
    await eventually(
      'what goes is not',
      async () => (await fairlead.ask({ host: 'two.localhost' })).status === 503,
    );
    t.match(
      (await fairlead.state()).sources.find(({ target }) => target === endpoint),
      { connected: true },
    );
  });
}
