import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { stateOf } from '../../src/admin/state.ts';
import { statusLines } from '../../src/cli/status-table.ts';
import { ADMIN_SNAPSHOT, adminView } from '../support/admin.ts';
import { runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

/** What somebody may write into a file or a label to forge a line, clear a screen, or turn text around. */
const FORGED = 'x\\u001b[2J\\nINFO: all is well\\u009b31m\\u2028\\u202egnp';
/** What must reach no terminal. Colours are ours. */
const UNSEEN = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;

const SERVICES = `services:
  shop: { host: shop.localhost, health: { type: none }, backends: [http://127.0.0.1:1], "${FORGED}": 1 }\n`;

t.test('check shows what stands in a file, and lets none of it act', async (t) => {
  const cwd = t.testdir({ 'a.yaml': SERVICES });
  const { code, stderr } = await runCli(['check', 'a.yaml'], { cwd });
  t.equal(code, 2);
  t.notMatch(stderr, UNSEEN);
  t.notMatch(stderr, /^INFO: all is well/m);
  t.match(stderr, 'x\\u001b[2J\\u000aINFO');
});

for (const format of ['pretty', 'json']) {
  t.test(`nothing of a file forges a line of the ${format} log`, async (t) => {
    const cwd = t.testdir({ 'fairlead.yaml': 'docker: off\n' });
    const args = ['--config', 'fairlead.yaml', '--log-format', format];
    const { cli } = await startCli(t, 'serve', args, { cwd });
    await writeFile(join(cwd, 'fairlead.yaml'), SERVICES);
    await eventually('it is complained about', () => /is not a known key/.test(cli.stderr));
    t.notMatch(cli.stderr, UNSEEN);
    t.notMatch(cli.stderr, /^INFO: all is well/m);
  });
}

t.test('explain and status show what strangers wrote, and let none of it act', async (t) => {
  const cwd = t.testdir({ 'fairlead.yaml': 'docker: off\n' });
  const { cli, admin } = await startCli(t, 'serve', ['--config', 'fairlead.yaml'], { cwd });
  await writeFile(join(cwd, 'fairlead.yaml'), SERVICES);
  await cli.until(/is not a known key/);
  const ofIt = ['--admin', `127.0.0.1:${admin}`];
  const status = await runCli(['status', ...ofIt], { cwd });
  t.match(status.stdout, 'x\\u001b[2J');
  const explain = await runCli(['explain', JSON.parse(`"${FORGED}"`), ...ofIt], { cwd });
  const explained = explain.stdout + explain.stderr;
  t.match(explained, 'x\\u001b[2J');
  for (const text of [status.stdout, explained]) {
    t.notMatch(text, UNSEEN);
    t.notMatch(text, /^INFO: all is well/m);
  }
});

t.test('the columns of the table stay in line whatever is in them', async (t) => {
  const [service] = ADMIN_SNAPSHOT.services;
  const [backend] = service?.backends ?? [];
  const services = [{ ...service, backends: [{ ...backend, name: 'a\x1bb' }] }];
  const view = adminView({ snapshot: () => ({ ...ADMIN_SNAPSHOT, services }) as never });
  const lines = statusLines(stateOf(view));
  const header = lines.find((line) => line.startsWith('SERVICE')) ?? '';
  const row = lines.find((line) => line.includes('a\\u001bb')) ?? '';
  t.ok(header.indexOf('ADDRESS') > 0);
  t.match(row.slice(header.indexOf('ADDRESS')), /^\d/);
});

t.test('what is printed leaves whole, however long it is', async (t) => {
  const file = join(t.testdir({ 'a.yaml': 'services:\n  x: { hots: a }\n' }), 'a.yaml');
  const { stderr } = await runCli(['check', ...new Array(2_000).fill(file)]);
  t.ok(stderr.length > 200_000, 'more than a pipe holds');
  t.equal(stderr.match(/hots is not a known key/g)?.length, 2_000);
});
