import t from 'tap';
import { startProgram, TRIAL_MS } from './support/program.ts';

t.setTimeout(TRIAL_MS);

t.test(
  'Netdata serves its page and its data below a path that it does not know',
  { timeout: TRIAL_MS },
  async (t) => {
    const place = { host: 'tools.localhost', path: '/netdata/api/v1/info' };
    const program = await startProgram(t, { name: 'netdata', images: {}, ...place });
    const page = await program.ask('/netdata/');
    t.match(page, { status: 200, body: /netdata/i });
    const script = /src="([^":]+\.js)/.exec(page.body)?.[1] ?? '';
    t.match(await program.ask(new URL(script, `${program.url}/netdata/`).pathname), { status: 200 });
    t.match(await program.ask('/netdata/api/v1/charts'), { status: 200, body: /"hostname"/ });
    // What the page warns of: its links are relative, and without the slash they lead to /main.js.
    t.match(await program.ask('/netdata'), { status: 200 });
  },
);
