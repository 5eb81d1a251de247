import t from 'tap';
import { startProgram, TRIAL_MS } from './support/program.ts';

t.setTimeout(TRIAL_MS);

t.test(
  'nginx serves files and ranges of them, and its redirects lose the port',
  { timeout: TRIAL_MS },
  async (t) => {
    const files = {
      'site/index.html': 'hello',
      'site/sub/index.html': 'sub',
      'site/big.bin': 'x'.repeat(1e6),
    };
    const program = await startProgram(t, { name: 'nginx', images: {}, host: 'site.localhost', files });
    t.match(await program.ask('/'), { status: 200, body: 'hello' });
    const range = await program.ask('/big.bin', { headers: { range: 'bytes=10-19' } });
    t.match(range, {
      status: 206,
      body: 'x'.repeat(10),
      headers: { 'content-range': 'bytes 10-19/1000000' },
    });
    const { headers } = await program.ask('/');
    t.match(await program.ask('/', { headers: { 'if-none-match': String(headers['etag']) } }), {
      status: 304,
    });
    // What the page warns of: `absolute_redirect off;` mends it.
    t.match(await program.ask('/sub'), { status: 301, headers: { location: 'http://site.localhost/sub/' } });
  },
);
