import t from 'tap';
import { makeErrorLog } from '../../src/telemetry/error-log.ts';
import type { AccessEntry } from '../../src/telemetry/events.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { FakeClock } from '../support/clock.ts';

const ENTRY = { method: '', client: '8.8.8.8', status: 429, error: 'too-many-connections' } as AccessEntry;

/** What is logged, each line with its level. */
function makeLogged() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const write =
    (level: string) =>
    (...args: unknown[]) =>
      lines.push(`${level}: ${args.at(-1)}`);
  const log = { warn: write('warn'), debug: write('debug') } as unknown as Log;
  return { clock, lines, write: makeErrorLog(log, clock) };
}

t.test(
  'that connections of a client are refused is said once a minute, and what may be the cause',
  async (t) => {
    const { clock, lines, write } = makeLogged();
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

t.test('of many failures within a second some are told, and how many more there were', async (t) => {
  const { clock, lines, write } = makeLogged();
  for (let i = 0; i < 50; i++) write({ ...ENTRY, method: 'GET', status: 502, error: 'reset' });
  t.equal(lines.length, 20);
  await clock.advance(1_100);
  t.equal(lines.at(-1), 'warn: 30 more errors in the last second');
});
