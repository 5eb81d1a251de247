import t from 'tap';
import type { BackendOrder } from '../../src/model/admin.ts';
import { makeService } from '../../src/model/service.ts';
import { ADMIN_SNAPSHOT, startTestAdmin } from '../support/admin.ts';
import { runCli } from '../support/cli.ts';

t.test('drain, maintenance, ready and weight give their orders and say for whom', async (t) => {
  const taken: [string, BackendOrder][] = [];
  const { port } = await startTestAdmin(t, {
    order: (subject, order) => {
      taken.push([subject, order]);
      return ['shop', 'api'].map((service) => ({ id: `${service}/web-1`, name: 'web-1', service }));
    },
  });
  const cases: [args: string[], order: BackendOrder, said: string][] = [
    [['drain', 'web-1'], { state: 'drain' }, 'drain'],
    [['maintenance', 'web-1'], { state: 'maintenance' }, 'maintenance'],
    [['ready', 'web-1'], { state: 'ready' }, 'ready'],
    [['weight', 'web-1', '0'], { weight: 0 }, 'weight 0'],
    [['weight', 'web-1', 'default'], { weight: 'default' }, 'weight default'],
  ];
  for (const [args, order, said] of cases) {
    const { code, stdout, stderr } = await runCli([...args, '--admin', `127.0.0.1:${port}`]);
    t.same([code, stderr], [0, '']);
    t.equal(stdout, `web-1 of service shop: ${said}\nweb-1 of service api: ${said}\n`);
    t.same(taken.pop(), ['web-1', order]);
  }
});

t.test('a backend that is not there is exit code 1', async (t) => {
  const { port } = await startTestAdmin(t);
  const { code, stderr } = await runCli(['drain', 'nobody', '--admin', `127.0.0.1:${port}`]);
  t.same([code, stderr], [1, 'error: there is no backend nobody; fairlead status names them all\n']);
});

t.test('a name that is nearly one, or that of a service, is told what is there', async (t) => {
  const [shop] = ADMIN_SNAPSHOT.services;
  const backends = (shop?.backends ?? []).map((one, i) => ({ ...one, name: `web-${i}` }));
  const snapshot = { ...ADMIN_SNAPSHOT, services: [makeService('shop', {}, backends)] };
  const { port } = await startTestAdmin(t, { snapshot: () => snapshot });
  const drain = async (subject: string) =>
    (await runCli(['drain', subject, '--admin', `127.0.0.1:${port}`])).stderr;
  const there = 'it is a service, of the backends web-0, web-1';
  t.equal(await drain('shop'), `error: there is no backend shop; ${there}\n`);
  t.equal(await drain('wbe-0'), 'error: there is no backend wbe-0; did you mean web-0?\n');
});

t.test('what is missing or wrong is exit code 2, and asks nobody', async (t) => {
  const cases: [args: string[], error: RegExp][] = [
    [['drain'], /drain needs a backend/],
    [['ready', '--admin', ':1'], /ready needs a backend/],
    [['weight', 'web-1'], /weight needs a backend and a weight/],
    [['weight', 'web-1', '-1'], /weight needs a backend and a weight/],
    [['weight', 'web-1', '300'], /weight wants a whole number from 0 to 256/],
    [['drain', 'web-1', '--admni', ':1'], /--admni/],
  ];
  for (const [args, error] of cases) {
    const { code, stderr } = await runCli(args);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, error);
  }
});
