import t from 'tap';
import type { HandshakeFailure } from '../../src/telemetry/events.ts';
import { makeHandshakeLog } from '../../src/telemetry/handshake-log.ts';
import { FakeClock } from '../support/clock.ts';
import { makeLogged } from '../support/logged.ts';

function makeLoggedHandshakes() {
  const clock = new FakeClock();
  const { log, lines } = makeLogged();
  const { write, flush } = makeHandshakeLog(log, clock);
  const fail = (result: HandshakeFailure['result'], name = '', why = '') =>
    write({ result, peer: '8.8.8.8', name, why });
  return { clock, lines, fail, flush };
}

t.test('what somebody may do something about is said, with the name that was asked for', async (t) => {
  const { lines, fail } = makeLoggedHandshakes();
  fail('unknown-name', 'shop.test');
  fail('unknown-name');
  fail('failed', 'shop.test', 'no shared cipher');
  fail('plain-http');
  fail('crowded');
  fail('timeout', '', 'too slow');
  fail('gone');
  t.match(lines, [
    /^info: 8\.8\.8\.8 asked for shop\.test by TLS, for which there is no certificate$/,
    /^info: .*named no host.*default-certificate/,
    /^info: the TLS handshake of 8\.8\.8\.8 for shop\.test failed: no shared cipher$/,
    /^info: 8\.8\.8\.8 speaks HTTP to the https port/,
    /^warn: .*a quarter of max-connections/,
    /^debug: .*too slow$/,
    /^debug: .*the client went away$/,
  ]);
});

t.test('of many in a minute some are told, and how many more there were', async (t) => {
  const { clock, lines, fail, flush } = makeLoggedHandshakes();
  for (let i = 0; i < 1_000; i++) fail('unknown-name', `${i}.test`);
  t.equal(lines.length, 5);
  fail('failed');
  t.equal(lines.length, 6, 'which hides nothing else');
  await clock.advance(61_000);
  t.equal(lines[6], 'info: 995 more TLS handshakes for names without a certificate in the last minute');
  for (let i = 0; i < 7; i++) fail('crowded');
  flush();
  t.equal(lines.at(-1), 'info: 2 more TLS handshakes that found no room in the last minute');
});
