import t from 'tap';
import { startBackend } from '../support/backend.ts';
import { runCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { startAppWith } from '../support/fairlead.ts';
import { taskSource } from '../support/task-source.ts';

const LABELS = { 'fairlead.host': 'shop.localhost', 'fairlead.weight': '3' };
const MISTAKEN = { 'fairlead.host': 'blog.localhost', 'fairlead.wieght': '3' };

t.test(
  'a kind of source that Fairlead has never heard of is routed and explained like any other',
  async (t) => {
    const { port } = await startBackend(t, 'task', (_, response) => response.end('a task'));
    const running = { id: 'k1f9aa', name: 'shop.1', labels: LABELS, port };
    const source = taskSource([
      running,
      { id: 'q7c2bb', name: 'other.1', labels: {}, port },
      { id: 'z3d4cc', name: 'blog.1', labels: MISTAKEN, port },
    ]);
    const { admin, ask, explain, state } = await startAppWith(t, [source], '--docker', 'off');
    t.match(await ask({ host: 'shop.localhost' }), { status: 200, body: 'a task' });
    t.match((await state()).services.at(-1), {
      name: 'shop.localhost',
      backends: [{ name: 'shop.1', weight: 3 }],
    });

    const explained = (await explain('shop.1')).split('\n');
    t.equal(explained[0], 'task shop.1 (my/shop:1, k1f9aa), running');
    t.ok(explained.includes('    fairlead.weight=3'), 'its labels');
    t.ok(explained.includes(`  port ${port}: the task listens there`), 'what the source says of it');
    t.ok(explained.includes('  traffic: yes, 100 % (weight 3 of 3 among 1 available)'));
    t.equal(await explain('k1f'), explained.join('\n'), 'by the beginning of its id');
    t.match(await explain('blog.1'), 'error: blog.1: fairlead.wieght: is not a known key');
    t.match(await explain('other.1'), /^task other\.1 .*\n {2}ignored: it has no fairlead label/);

    const cli = (subject: string) => runCli(['explain', subject, '--admin', admin.replace('http://', '')]);
    t.match(await cli('shop.1'), { code: 0, stdout: `${explained.join('\n')}\n` });
    t.match(await cli('other1'), { code: 1, stderr: 'did you mean other.1?' });

    const { port: _, ...rejected } = running;
    source.become([rejected]);
    await eventually(
      'the task is missed',
      async () => (await ask({ host: 'shop.localhost' })).status === 503,
    );
    t.match(await explain('shop.1'), 'traffic: none, because the task is rejected');
  },
);
