import t from 'tap';
import { pageInBrowser } from './support/browser.ts';
import { startProgram, TRIAL_MS } from './support/program.ts';

t.setTimeout(TRIAL_MS);

t.test('Prometheus serves its pages and its API below a path', { timeout: TRIAL_MS }, async (t) => {
  const place = { host: 'tools.localhost', path: '/prometheus/-/ready' };
  const program = await startProgram(t, { name: 'prometheus', images: {}, ...place });
  t.match(await program.ask('/prometheus/'), {
    status: 302,
    headers: { location: /^\/prometheus\/.*graph$/ },
  });
  t.match(await program.ask('/prometheus/api/v1/query?query=vector(42)'), { status: 200, body: /"42"/ });
  t.match(await pageInBrowser(`${program.url}/prometheus/graph`), /Prometheus/);
});
