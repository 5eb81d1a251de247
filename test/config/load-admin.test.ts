import t from 'tap';
import { isLoopback } from '../../src/config/load.ts';
import { load, mistakes } from '../support/load-options.ts';

const TOKEN = 'a-token-of-16-or-more';
const OPEN = 'admin: listens on more than loopback, which needs an admin-token (or admin-token-file)';

t.test('the admin address needs a token off loopback', async (t) => {
  for (const address of [':9900', '0.0.0.0:9900', '10.0.0.1:9900', '[::]:9900', 'admin.example.org:9900']) {
    t.strictSame(mistakes(load({ args: ['--admin', address] })), [OPEN], address);
    t.strictSame(mistakes(load({ args: ['--admin', address, '--admin-token', TOKEN] })), [], address);
  }
});

t.test('the admin address needs no token on loopback or when it is off', async (t) => {
  for (const address of ['127.0.0.1:9900', '127.1.2.3:9900', 'localhost:0', '[::1]:9900', 'off', 'false'])
    t.strictSame(mistakes(load({ args: ['--admin', address] })), [], address);
});

t.test('a name that begins like a loopback address is none', async (t) => {
  for (const host of ['127.example.org', '127.0.0.1.example.org', 'localhost.example.org', '::', '0.0.0.0'])
    t.equal(isLoopback(host), false, host);
  t.strictSame(mistakes(load({ args: '--admin 127.example.org:9900' })), [OPEN]);
});

t.test('a token that can be guessed is refused and never repeated', async (t) => {
  const loaded = load({ args: '--admin-token fifteen-letters' });
  t.equal('fifteen-letters'.length, 15);
  t.match(mistakes(loaded), [/^--admin-token: admin-token wants at least 16 characters/]);
  t.notMatch(JSON.stringify(loaded.errors), 'fifteen-letters');
  t.equal(loaded.options.adminToken, undefined);
  t.equal(load({ args: '--admin-token sixteen-letters-' }).options.adminToken, 'sixteen-letters-');
});

t.test('a token that is wrong is one mistake, and still opens no admin address', async (t) => {
  for (const args of ['--admin-token short', '--admin-token-file gone', '--admin-token-file empty'])
    t.equal(load({ args: `--admin :9900 ${args}`, files: { empty: '\n' } }).errors.length, 1, args);
});

t.test('the token may be the text of a file, without the end of its line', async (t) => {
  const files = { '/run/secrets/token': `${TOKEN}\n` };
  const loaded = load({ args: '--admin :9900 --admin-token-file /run/secrets/token', files });
  t.strictSame(mistakes(loaded), []);
  t.equal(loaded.options.adminToken, TOKEN);
});

t.test('a token that was said wins over the file, which is not read then', async (t) => {
  const loaded = load({ args: `--admin-token ${TOKEN} --admin-token-file gone` });
  t.strictSame(mistakes(loaded), []);
  t.equal(loaded.options.adminToken, TOKEN);
  t.strictSame(loaded.warnings, [
    {
      where: '--admin-token-file',
      origin: 'command',
      message: 'admin-token-file has no effect beside --admin-token',
    },
  ]);
});

t.test('a token that every user of the machine can read is warned of', async (t) => {
  const warned = (input: Parameters<typeof load>[0]) =>
    load({ ...input, isForAll: () => true }).warnings.map(({ where }) => where);
  t.strictSame(warned({ args: '--admin-token-file token', files: { token: TOKEN } }), ['token']);
  t.strictSame(warned({ files: { 'fairlead.yaml': `admin-token: ${TOKEN}` } }), ['fairlead.yaml']);
  t.strictSame(warned({ files: { 'fairlead.yaml': 'http: :1' } }), [], 'a file without one may be read');
});

t.test('a token file that is gone or too short is refused by its name', async (t) => {
  t.strictSame(mistakes(load({ args: '--admin-token-file gone' })), [
    'gone: admin-token-file cannot be read: no such file',
  ]);
  t.strictSame(mistakes(load({ args: '--admin-token-file empty', files: { empty: ' \n' } })), [
    'empty: admin-token-file is empty',
  ]);
  const key = load({ args: '--admin-token-file key', files: { key: '--- BEGIN KEY ---\nabcdefgh\n' } });
  t.strictSame(mistakes(key), ['key: admin-token wants one line of text']);
  const short = load({ args: '--admin-token-file token', files: { token: 'secret\n' } });
  t.match(mistakes(short), [/^token: admin-token wants at least 16 characters/]);
  t.notMatch(JSON.stringify(short.errors), 'secret');
});
