import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

const GOOD =
  'access-log: off\nservices: { shop: { host: shop.localhost, backends: ["http://127.0.0.1:1"] } }\n';

t.test('a bad edit of the file keeps nobody from asking the Fairlead that goes on without it', async (t) => {
  const cwd = t.testdir({ 'fairlead.yaml': GOOD });
  const env = { FAIRLEAD_CONFIG: 'fairlead.yaml' };
  const { admin } = await startCli(t, 'serve', ['--docker', 'off'], { cwd, env });
  const where = ['--admin', `127.0.0.1:${admin}`];
  const edits: [string, RegExp][] = [
    [GOOD.replace('off', 'onn'), /error: fairlead\.yaml:.*onn/],
    ['access-log: [', /error: fairlead\.yaml:.*sequence/],
    [`${GOOD}admin-token-file: /nowhere\n`, /error: options: \/nowhere:/],
  ];
  for (const [bad, problem] of edits) {
    writeFileSync(join(cwd, 'fairlead.yaml'), bad);
    await eventually('is it told of?', async () => {
      const { code, stdout } = await runCli(['status', ...where], { cwd, env });
      return code === 0 && problem.test(stdout);
    });
    for (const command of [['explain', 'shop'], ['weight', '127.0.0.1:1', '2'], ['healthcheck']]) {
      const { code, stderr } = await runCli([...command, ...where], { cwd, env });
      t.equal(code, 0, `${command[0]} with ${bad}`);
      t.match(stderr, /^warning: /, 'it says that something is wrong with the file');
    }
  }
  const wrong = await runCli(['status', '--admin', 'nonsense'], { cwd, env });
  t.equal(wrong.code, 2, 'what the command itself is told wrongly is an error');
  for (const flag of ['--config=gone.yaml', '--admin-token-file=gone.yaml']) {
    const gone = await runCli(['status', flag, ...where], { cwd, env });
    t.equal(gone.code, 2, flag);
    t.match(gone.stderr, /^error: gone\.yaml: .*no such file/m);
  }
  const since = await runCli(['healthcheck', ...where], { cwd, env: { FAIRLEAD_CONFIG: 'gone.yaml' } });
  t.equal(since.code, 0, 'a file that the environment names may be gone since the start');
});
