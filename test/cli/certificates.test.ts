import t from 'tap';
import { certificateLines } from '../../src/cli/certificates.ts';
import { ADMIN_CERTIFICATES, ADMIN_NOW, ADMIN_ROOT, startTestAdmin } from '../support/admin.ts';
import { deadPort } from '../support/backend.ts';
import { runCli } from '../support/cli.ts';

const TOKEN = 'a-token-of-16-or-more';

t.test('ca prints the root alone, so that it can be piped, and beside it how to trust it', async (t) => {
  const { port } = await startTestAdmin(t);
  const { code, stdout, stderr } = await runCli(['ca', '--admin', `127.0.0.1:${port}`]);
  t.strictSame([code, stdout], [0, ADMIN_ROOT]);
  for (const system of ['Debian', 'Fedora', 'macOS', 'Windows', 'Firefox', 'Chromium'])
    t.match(stderr, new RegExp(`^  ${system}.*  \\S`, 'm'), system);
  t.match(stderr, /internal names and private addresses alone/);
});

t.test('ca asks with the token, and says when there is no authority, or no Fairlead', async (t) => {
  const { port } = await startTestAdmin(t, { authority: () => undefined }, TOKEN);
  const admin = ['--admin', `127.0.0.1:${port}`];
  const [refused, none, dead] = await Promise.all([
    runCli(['ca', ...admin]),
    runCli(['ca', ...admin], { env: { FAIRLEAD_ADMIN_TOKEN: TOKEN } }),
    runCli(['ca', '--admin', `127.0.0.1:${await deadPort()}`]),
  ]);
  t.match(refused, { code: 1, stdout: '', stderr: /answered 401/ });
  t.match(none, { code: 1, stdout: '', stderr: /^error: there is no internal authority/ });
  t.match(dead, { code: 1, stdout: '', stderr: /^error: no Fairlead answers/ });
});

t.test('certificates are told with whose they are, until when, when they are renewed and why', async (t) => {
  t.strictSame(certificateLines(ADMIN_CERTIFICATES, ADMIN_NOW), [
    'NAMES                      FROM                   ISSUER                                           ENDS IN  RENEWAL                                ERROR',
    'localhost, 127.0.0.1, ::1  internal               Fairlead internal authority 0123ab intermediate  7d       in 3d: half of its life is left then',
    'own.example.org            /certificates/own.pem  Some Authority                                   60d      whoever puts the file there renews it  is not whole: what begins in it does not end',
    'shop.example.org           none                                                                             it is a public name',
  ]);
  const [, own] = ADMIN_CERTIFICATES;
  t.match(
    certificateLines([own ?? ADMIN_CERTIFICATES[0]] as never, ADMIN_NOW + 61 * 86_400_000)[1],
    / is over /,
  );
  t.strictSame(certificateLines([], ADMIN_NOW), ['No certificates: https is off.']);
});

t.test('programs get the same as of status --json', async (t) => {
  const { port } = await startTestAdmin(t);
  const admin = ['--admin', `127.0.0.1:${port}`];
  const [table, own, status] = await Promise.all([
    runCli(['certificates', ...admin]),
    runCli(['certificates', '--json', ...admin]),
    runCli(['status', '--json', ...admin]),
  ]);
  t.strictSame(table.stdout.trimEnd().split('\n'), certificateLines(ADMIN_CERTIFICATES, ADMIN_NOW));
  t.strictSame(JSON.parse(own.stdout).certificates, JSON.parse(status.stdout).certificates);
});
