import t from 'tap';
import { startProgram, TRIAL_MS } from './support/program.ts';
import { Session } from './support/session.ts';

t.setTimeout(TRIAL_MS);

/** A picture of one dot; what follows it is nobody's business. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
);

t.test('WordPress is installed, logged in to and given a file', { timeout: TRIAL_MS }, async (t) => {
  const program = await startProgram(t, {
    name: 'wordpress',
    images: { db: 'mariadb' },
    host: 'blog.localhost',
    // The database is there some seconds later; what WordPress says until then is a 500.
    path: '/wp-admin/install.php',
    flags: ['--trusted-proxies', '127.0.0.1'],
  });
  const session = new Session(program);
  const installed = await session.post('/wp-admin/install.php?step=2', {
    weblog_title: 'A blog',
    user_name: 'admin',
    admin_password: 'correct horse battery',
    admin_password2: 'correct horse battery',
    admin_email: 'admin@example.org',
    language: '',
  });
  t.match(installed, { status: 200, body: /Success/ });
  t.match(await session.ask('/'), { status: 200, body: /A blog/ });
  t.match(await session.ask('/wp-admin/'), {
    status: 302,
    headers: { location: new RegExp(`^${program.url}/wp-login.php`) },
  });
  await session.ask('/wp-login.php');
  const login = { log: 'admin', pwd: 'correct horse battery', testcookie: '1', redirect_to: '/wp-admin/' };
  t.match(await session.post('/wp-login.php', login), {
    status: 302,
    headers: { location: /\/wp-admin\/$/ },
  });
  t.match(await session.ask('/wp-admin/'), { status: 200, body: /Dashboard/ });

  const nonce = (await session.ask('/wp-admin/admin-ajax.php?action=rest-nonce')).body;
  const upload = (bytes: number) =>
    session.ask('/?rest_route=/wp/v2/media', {
      method: 'POST',
      headers: {
        'x-wp-nonce': nonce,
        'content-type': 'image/png',
        'content-disposition': 'attachment; filename="dot.png"',
      },
      body: Buffer.concat([PNG, Buffer.alloc(bytes - PNG.length)]),
    });
  const created = await upload(1_500_000);
  t.match(created, { status: 201 });
  const { source_url } = JSON.parse(created.body);
  t.match(source_url, new RegExp(`^${program.url}/wp-content/uploads/`));
  const file = await session.ask(new URL(source_url).pathname);
  t.match(file, { status: 200, headers: { 'content-length': '1500000' } });

  await t.test('behind TLS it sets secure cookies', async (t) => {
    const { headers } = await program.ask('/wp-login.php', { headers: { 'x-forwarded-proto': 'https' } });
    t.match(String(headers['set-cookie']), /wordpress_test_cookie.*secure/);
  });
});
