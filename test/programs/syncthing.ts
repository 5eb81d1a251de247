import t from 'tap';
import { request } from 'undici';
import { pageInBrowser } from './support/browser.ts';
import { startProgram, TRIAL_MS } from './support/program.ts';
import { Session } from './support/session.ts';

t.setTimeout(TRIAL_MS);

t.test('Syncthing shows its page, and its long polls are not cut', { timeout: TRIAL_MS }, async (t) => {
  const place = { host: 'sync.localhost' };
  const program = await startProgram(t, { name: 'syncthing', images: {}, ...place });
  t.match(await pageInBrowser(program.url), /Syncthing/);
  const session = new Session(program);
  const page = await session.ask('/');
  t.equal(page.status, 200);
  const [, name = '', token = ''] = /(CSRF-Token-\w+)=([^;]+)/.exec(String(page.headers['set-cookie'])) ?? [];
  const headers = { [`X-${name}`]: token };
  t.match(await session.ask('/rest/system/status', { headers }), { status: 200, body: /myID/ });
  const events = await session.ask('/rest/events?timeout=1', { headers });
  const last = JSON.parse(events.body).at(-1).id;
  // Its page asks for a minute at a time, and hears nothing meanwhile.
  const response = await request(`${program.fairlead.origin}/rest/events?since=${last + 1000}&timeout=65`, {
    headers: { ...headers, host: `sync.localhost:${program.port}`, cookie: `${name}=${token}` },
  });
  t.equal(response.statusCode, 200);
  t.equal(await response.body.text(), '[]\n');
});
