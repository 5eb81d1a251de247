import t from 'tap';
import { eventually } from '../support/eventually.ts';
import { type Program, startProgram, TRIAL_MS } from './support/program.ts';
import { Session } from './support/session.ts';

t.setTimeout(TRIAL_MS);

t.test('phpMyAdmin is logged in to below a path', { timeout: TRIAL_MS }, async (t) => {
  const images = { db: 'mariadb' };
  const program = await startProgram(t, {
    name: 'phpmyadmin',
    images,
    host: 'tools.localhost',
    path: '/db/',
  });
  t.match(await program.ask('/'), { status: 404 });
  // The database takes longer to start than its page.
  const session = await eventually('the login', () => logIn(program), 60_000);
  t.match(await session.ask('/db/index.php?route=/server/databases'), { status: 200, body: /shop/ });
  const script = /<script[^>]* src="([^"]+)"/.exec((await session.ask('/db/index.php?route=/')).body)?.[1];
  t.match(await session.ask(`/db/${script}`), { status: 200 }, 'its scripts are below the path, too');
});

async function logIn(program: Program): Promise<Session | undefined> {
  const session = new Session(program);
  const form = await session.ask('/db/');
  const field = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(form.body)?.[1] ?? '';
  const login = { pma_username: 'shop', pma_password: 'change-me', server: '1' };
  const hidden = { set_session: field('set_session'), token: field('token') };
  const { status } = await session.post('/db/index.php?route=/', { ...login, ...hidden });
  return status === 302 ? session : undefined;
}
