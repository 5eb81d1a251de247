import t from 'tap';
import { askAdmin, explainSilence } from '../../src/cli/admin-client.ts';
import type { Options } from '../../src/config/options.ts';
import { deadPort, startBackend } from '../support/backend.ts';
import { load } from '../support/load-options.ts';

const TOKEN = 'a-token-of-16-or-more';

/** The options of these flags. */
function options(args: string): Options {
  return load({ args }).options;
}

t.test('what listens everywhere is asked at home', async (t) => {
  const admin = await startBackend(t, 'admin');
  const home = `127.0.0.1:${admin.port}`;
  for (const [listens, asked] of [
    [`0.0.0.0:${admin.port}`, home],
    [`[::]:${admin.port}`, home],
    [home, home],
    [`localhost:${admin.port}`, `localhost:${admin.port}`],
  ] as const) {
    const answer = await askAdmin(options(`--admin ${listens} --admin-token ${TOKEN}`), '/x');
    t.strictSame(answer, { status: 200, body: 'admin' }, listens);
    t.equal(admin.requests.at(-1)?.headers.host, asked);
    t.equal(admin.requests.at(-1)?.url, '/x');
  }
});

t.test('the token is sent as a bearer token, and nothing without one', async (t) => {
  const admin = await startBackend(t, 'admin');
  const address = `--admin 127.0.0.1:${admin.port}`;
  await askAdmin(options(address), '/');
  await askAdmin(options(`${address} --admin-token ${TOKEN}`), '/');
  const sent = admin.requests.map((request) => request.headers.authorization);
  t.strictSame(sent, [undefined, `Bearer ${TOKEN}`]);
});

t.test('nobody at the address is no answer, and neither is an address that is off', async (t) => {
  const silent = options(`--admin 127.0.0.1:${await deadPort()}`);
  t.equal(await askAdmin(silent, '/'), undefined);
  const off = options('--admin off');
  t.equal(await askAdmin(off, '/'), undefined);
  t.match(explainSilence(silent, undefined), /^no Fairlead answers at 127\.0\.0\.1:\d+ /);
  t.equal(
    explainSilence(off, undefined),
    'its admin address is off, so nothing can be asked (start Fairlead with --admin 127.0.0.1:9900)',
  );
});
