import type { Test } from 'tap';
import { docker } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { startLoad } from '../../support/load.ts';
import { type ClaimContext, type Fleet, startFleet } from './fleet.ts';

/** Requests in a second. */
const RATE = 200;

/** Load for three seconds, with something happening after the first. */
async function underLoad(t: Test, fleet: Fleet, happening: () => Promise<unknown>): Promise<void> {
  const load = startLoad(fleet.fairlead.origin, { host: fleet.host, rate: RATE });
  await load.sent(RATE);
  await happening();
  await load.sent(3 * RATE);
  const { sent, failures } = await load.stop();
  t.same(failures, [], `none of ${sent} requests failed`);
}

export function failureClaims(t: Test, context: ClaimContext): void {
  t.test("a stopped container's clients see no error under load", async (t) => {
    const fleet = await startFleet(t, context);
    const [first] = await fleet.addAll(3);
    await underLoad(t, fleet, () => docker('stop', first as string));
  });

  t.test("a killed container's clients see no error under load", async (t) => {
    const fleet = await startFleet(t, context);
    const [first] = await fleet.addAll(3);
    await underLoad(t, fleet, () => docker('kill', first as string));
  });

  t.test('a container that was told to stop gets no new request, and finishes the ones it has', async (t) => {
    const fleet = await startFleet(t, context);
    const [first = ''] = await fleet.addAll(3, {}, { STOP_DELAY: '1500' });
    const slow = Promise.all([1, 2, 3].map(() => fleet.ask({ path: '/sleep?ms=1000' })));
    await eventually('all are busy', async () =>
      (await fleet.service())?.backends.every(({ inFlight }) => inFlight === 1),
    );
    const stopping = docker('stop', first);
    await fleet.flagged(first, 'Draining');
    t.notOk((await fleet.tally(12)).has(first));
    t.same(
      (await slow).map((answer) => answer.status),
      [200, 200, 200],
    );
    await stopping;
  });

  t.test('one that turns unhealthy leaves and returns', async (t) => {
    const fleet = await startFleet(t, context);
    const names = await fleet.addAll(2, {
      'fairlead.health.path': '/healthz',
      'fairlead.health.interval': '200ms',
    });
    const set = await fleet.ask({ path: '/healthz?status=500', method: 'POST' });
    const sick = String(set.headers['x-backend']);
    await fleet.flagged(sick, 'FailedCheck');
    t.notOk((await fleet.tally(6)).has(sick));
    t.equal((await fleet.service())?.backends.length, 2, 'it stays visible');
    const address = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', sick);
    await fetch(`http://${address}:8080/healthz?status=200`, { method: 'POST' });
    await fleet.available(names);
    t.ok((await fleet.tally(6)).has(sick));
  });

  t.test("Docker's own HEALTHCHECK decides too", async (t) => {
    const fleet = await startFleet(t, context);
    const args = ['--health-cmd', 'test ! -f /tmp/sick', '--health-interval', '1s', '--health-retries', '1'];
    const name = await fleet.add({}, { args });
    await eventually(
      'no traffic while it is starting',
      async () => (await fleet.flags()).get(name) === 'Pending',
    );
    t.equal((await fleet.ask()).status, 503);
    await fleet.available([name]);
    await docker('exec', name, 'sh', '-c', ': > /tmp/sick');
    await fleet.flagged(name, 'FailedCheck');
    t.equal((await fleet.ask()).status, 503);
  });

  t.test('a paused container gets no new requests until it goes on', async (t) => {
    const fleet = await startFleet(t, context);
    const names = await fleet.addAll(3);
    const [first = ''] = names;
    await docker('pause', first);
    await fleet.flagged(first, 'FailedCheck');
    t.notOk((await fleet.tally(6)).has(first));
    await docker('unpause', first);
    await fleet.available(names);
  });

  t.test('a container that takes long to start gets no request before it listens', async (t) => {
    const fleet = await startFleet(t, context);
    const names = await fleet.addAll(1);
    await underLoad(t, fleet, async () => {
      names.push(await fleet.add({}, { env: { START_DELAY: '700' } }));
      await fleet.available(names);
    });
  });

  t.test('with hold, the only container can be killed and made anew without losing a request', async (t) => {
    const fleet = await startFleet(t, context);
    const labels = { 'fairlead.hold': '10s' };
    const [only = ''] = await fleet.addAll(1, labels);
    await underLoad(t, fleet, async () => {
      await docker('rm', '-f', only);
      await fleet.addAll(1, labels);
    });
  });

  t.test('a restarted container loses no request', async (t) => {
    const fleet = await startFleet(t, context);
    const names = await fleet.addAll(2);
    await underLoad(t, fleet, async () => {
      for (const name of names) {
        await docker('restart', name);
        await fleet.available(names);
      }
    });
  });
}
