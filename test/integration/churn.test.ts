import t from 'tap';
import type { Claim, Contribution } from '../../src/model/contribution.ts';
import { startBackend, startRawBackend } from '../support/backend.ts';
import { makeClaim, makeContribution } from '../support/claims.ts';
import { eventually } from '../support/eventually.ts';
import { startAppWith } from '../support/fairlead.ts';
import { seededRandom } from '../support/random.ts';
import { nextMessage, openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

const OTHERS = 100;
const CHANGES = 60;
const CLIENTS = 4;

/** The claim of a container that serves on a port of this machine. */
function claimOn(name: string, port: number, host: string, settings: Claim['settings'] = {}): Claim {
  const claim = makeClaim(name, { hosts: [host], port, settings });
  const serves = { ...claim.serves, address: { host: '127.0.0.1', port } } as NonNullable<Claim['serves']>;
  return { ...claim, serves };
}

t.test('a hundred containers come and go under load, and nothing is forgotten of the others', async (t) => {
  const fast = await startWebSocketBackend(t, 'fast');
  let slowRequests = 0;
  const slow = await startBackend(t, 'slow', (_request, response) => {
    slowRequests++;
    setTimeout(() => response.end('slow'), 3_000);
  });
  let sickRequests = 0;
  const sick = await startRawBackend(t, (socket) =>
    socket.on('data', () => {
      sickRequests++;
      socket.resetAndDestroy();
    }),
  );
  const out = await startBackend(t, 'out');
  const settings: Claim['settings'] = {
    balance: 'peak-ewma',
    health: { type: 'none' },
    eject: { failures: 1, durationMs: 60_000 },
  };
  const shop = Object.entries({ fast, slow, sick, out }).map(([name, { port }]) =>
    claimOn(name, port, 'test.localhost', settings),
  );
  const path = { routes: [{ host: 'test.localhost', path: '/chat', priority: 0, stripPrefix: false }] };
  shop.push({ ...claimOn('chat', fast.port, 'test.localhost'), ...path });
  const others = Array.from({ length: OTHERS }, (_, i) =>
    claimOn(`other${i}`, fast.port, `other${i}.localhost`),
  );

  let publish: (contribution: Contribution) => void = () => {};
  const source = { name: 'docker', watch: (say: typeof publish) => (publish = say) };
  const fairlead = await startAppWith(t, [source], '--docker', 'off');
  publish(makeContribution(shop));
  await eventually('the shop is routed', async () => (await fairlead.state()).services.length === 2);
  const ordered = await fetch(`${fairlead.admin}/api/backends`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ backend: 'out', state: 'maintenance' }),
  });
  t.equal(ordered.status, 200);
  const socket = await openWebSocket(t, Number(new URL(fairlead.origin).port), '/chat');
  // Warm: everybody is known for what it is.
  for (let i = 0; i < 40; i++) await fairlead.ask({});
  const shopNow = async () => {
    const { services } = await fairlead.state();
    const found = services.find(({ name }) => name === 'test.localhost');
    if (found === undefined) throw new Error('there is no shop');
    return new Map(found.backends.map((backend) => [backend.name, backend]));
  };
  const before = await shopNow();
  t.match(before.get('sick')?.health, { flags: ['Ejected'] });
  const seen = { slow: slowRequests, sick: sickRequests, version: fairlead.app.snapshot.version };

  const random = seededRandom(3);
  let isOver = false;
  const answers: string[] = [];
  const client = async () => {
    while (!isOver) {
      const { status, body } = await fairlead.ask({});
      answers.push(`${status} ${body}`);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  for (let i = 0; i < CHANGES; i++) {
    publish(makeContribution([...shop, ...others.filter(() => random() < 0.5)]));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  isOver = true;
  await Promise.all(clients);

  t.ok(fairlead.app.snapshot.version - seen.version >= CHANGES, 'each change was published');
  const failed = answers.filter((answer) => answer !== '200 fast' && answer !== '200 slow');
  t.same(failed, []);
  const after = await shopNow();
  for (const [name, { health, requests, failures }] of before) {
    const now = after.get(name);
    t.same(now?.health, health, `health of ${name}`);
    t.ok((now?.requests ?? 0) >= requests, `requests of ${name}`);
    t.ok(Object.entries(failures).every(([code, count]) => (now?.failures[code] ?? 0) >= count));
  }
  // It fades within seconds, so that on a busy machine it may be tried once more; forgotten, it would be with each change.
  t.ok(slowRequests - seen.slow < CHANGES / 10, 'what is known of the slow one');
  t.equal(sickRequests, seen.sick, 'the ejected one stays out');
  t.equal(out.requests.length, 0, 'the one in maintenance stays out');
  const metrics = await fetch(`${fairlead.admin}/metrics`).then((response) => response.text());
  const opened = Number(
    /fairlead_backend_connections_total\{[^}]*backend="fast"[^}]*\} (\d+)/.exec(metrics)?.[1],
  );
  t.ok(opened > 0 && opened <= 2 * CLIENTS, `its pool was kept: ${opened} connections`);
  socket.send('still here');
  t.equal(String((await nextMessage(socket)).bytes), 'still here');
});
