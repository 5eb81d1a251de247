import t from 'tap';
import { makeErrorLog } from '../../src/telemetry/error-log.ts';
import type { AccessEntry } from '../../src/telemetry/events.ts';
import { FakeClock } from '../support/clock.ts';
import { makeLogged } from '../support/logged.ts';

const ENTRY = {
  method: '',
  host: '',
  target: '',
  client: '8.8.8.8',
  status: 429,
  error: 'too-many-connections',
  detail: '',
} as AccessEntry;

/** What is logged, each line with its level. */
function makeLoggedErrors() {
  const clock = new FakeClock();
  const { log, lines } = makeLogged();
  return { clock, lines, ...makeErrorLog(log, clock) };
}

t.test(
  'that connections of a client are refused is said once a minute, and what may be the cause',
  async (t) => {
    const { clock, lines, write } = makeLoggedErrors();
    for (let i = 0; i < 1_000; i++) write(ENTRY);
    t.equal(lines.length, 1);
    t.match(lines[0], /^warn: a connection of 8\.8\.8\.8 was refused.*trusted-proxies/);
    write({ ...ENTRY, method: 'GET', host: 'a', target: '/', status: 502, error: 'reset' });
    t.match(lines[1], 'warn: 502 GET a/', 'it hides nothing else');
    await clock.advance(61_000);
    write(ENTRY);
    t.equal(lines.length, 3);
  },
);

t.test('that somebody speaks for a proxy and is none is said once a minute', async (t) => {
  const { lines, untrustedProto } = makeLoggedErrors();
  for (let i = 0; i < 9; i++) untrustedProto('8.8.8.8');
  t.match(lines, [/^warn: 8\.8\.8\.8 says .*X-Forwarded-Proto.*trusted-proxies$/]);
  t.equal(lines.length, 1);
});

t.test('of many failures within a second some are told, and how many more there were', async (t) => {
  const { clock, lines, write } = makeLoggedErrors();
  for (let i = 0; i < 50; i++) write({ ...ENTRY, method: 'GET', status: 502, error: 'reset' });
  t.equal(lines.length, 20);
  await clock.advance(1_100);
  t.equal(lines.at(-1), 'warn: 30 more errors in the last second');
});

t.test('what is still to be said of them is said at the end', (t) => {
  const { lines, write, flush } = makeLoggedErrors();
  for (let i = 0; i < 21; i++) write({ ...ENTRY, method: 'GET', status: 502, error: 'reset' });
  flush();
  flush();
  t.strictSame(lines.slice(20), ['warn: 1 more errors in the last second']);
  t.end();
});

const CUT = { ...ENTRY, method: 'GET', host: 'a', target: '/', status: 200, isCut: true };

t.test('a response that was cut is a warning, whatever status it began with', (t) => {
  const { lines, write } = makeLoggedErrors();
  write({ ...CUT, error: 'body-stalled', detail: 'the response stalled for 60000 ms' });
  write({ ...CUT, isCut: false, error: 'reset', detail: 'ECONNRESET' });
  t.strictSame(lines, [
    'warn: 200 GET a/ was cut: body-stalled: the response stalled for 60000 ms',
    'debug: 200 GET a/: reset: ECONNRESET',
  ]);
  t.end();
});

t.test('slow clients are told, and take no line from what fails', async (t) => {
  const { clock, lines, write } = makeLoggedErrors();
  for (let i = 0; i < 1_000; i++) write({ ...CUT, error: i % 2 === 0 ? 'client-stalled' : 'body-timeout' });
  t.equal(lines.length, 10);
  t.match(lines[0], /^info: 200 GET a\/ was cut: client-stalled/);
  write({ ...CUT, error: 'body-stalled' });
  t.match(lines[10], /^warn/);
  await clock.advance(61_000);
  t.equal(lines[11], 'info: 990 more requests of clients that were too slow in the last minute');
});

t.test('a line is short, whatever was asked for', (t) => {
  const { lines, write } = makeLoggedErrors();
  const long = 'x'.repeat(16_000);
  write({
    ...ENTRY,
    method: long,
    host: long,
    target: `/${long}`,
    status: 502,
    error: 'reset',
    detail: long,
  });
  t.ok((lines[0] as string).length < 1_300);
  t.match(lines[0], '…');
  t.end();
});

t.test('clients of other protocols are told of once a minute, with how many there were', async (t) => {
  const { clock, lines, write } = makeLoggedErrors();
  for (let i = 0; i < 5; i++) write({ ...ENTRY, error: 'tls-hello' });
  for (let i = 0; i < 3; i++) write({ ...ENTRY, error: 'http2-preface' });
  t.equal(lines.length, 2);
  t.match(lines[0], /^info: 8\.8\.8\.8 speaks TLS to the http port; .*the option https$/);
  t.match(lines[1], /^info: 8\.8\.8\.8 speaks HTTP\/2/);
  await clock.advance(61_000);
  t.match(lines.slice(2), [/^info: 4 more .* TLS/, /^info: 2 more .* HTTP\/2/]);
});
