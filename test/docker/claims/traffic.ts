import { once } from 'node:events';
import type { Test } from 'tap';
import { WebSocket } from 'ws';
import { docker, uniqueName } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { type ClaimContext, Fleet, startFleet } from './fleet.ts';

export function trafficClaims(t: Test, context: ClaimContext): void {
  t.test('weights hold within 5 %', async (t) => {
    const fleet = await startFleet(t, context);
    const shares = new Map<string, number>();
    for (const weight of [1, 3, 6]) {
      const labels = { 'fairlead.weight': String(weight), 'fairlead.balance': 'weighted' };
      shares.set(await fleet.add(labels), weight / 10);
    }
    await fleet.available([...shares.keys()]);
    const counts = await fleet.tally(500);
    for (const [name, wanted] of shares) {
      const share = (counts.get(name) ?? 0) / 500;
      t.ok(Math.abs(share - wanted) <= 0.05, `${share} of the traffic for a share of ${wanted}`);
    }
  });

  t.test('least-connections prefers the idle one', async (t) => {
    const fleet = await startFleet(t, context);
    await fleet.addAll(2, { 'fairlead.balance': 'least-connections' });
    const slow = fleet.ask({ path: '/sleep?ms=1500' });
    await eventually('one is busy', async () =>
      (await fleet.service())?.backends.some(({ inFlight }) => inFlight === 1),
    );
    const quick = await fleet.tally(10);
    t.equal(quick.size, 1, 'all others go to the same one');
    t.notOk(quick.has((await slow).body), 'which is not the busy one');
  });

  t.test('a backup serves only when the primary is gone', async (t) => {
    const fleet = await startFleet(t, context);
    const primary = await fleet.add();
    const backup = await fleet.add({ 'fairlead.backup': 'true' });
    await fleet.available([primary, backup]);
    t.same([...(await fleet.tally(6))], [[primary, 6]]);
    await docker('kill', primary);
    await fleet.available([backup]);
    t.same([...(await fleet.tally(6))], [[backup, 6]]);
    await docker('start', primary);
    await fleet.available([primary, backup]);
    t.same([...(await fleet.tally(6))], [[primary, 6]]);
  });

  t.test('the fallback answers when all are gone', async (t) => {
    const fleet = await startFleet(t, context);
    const other = new Fleet(t, context.image, fleet.fairlead);
    const service = uniqueName('svc');
    const [name] = await fleet.addAll(1, { 'fairlead.fallback': `service:${service}` });
    const standIn = await other.add({ 'fairlead.service': service });
    await eventually('the stand-in is up', async () => (await other.ask()).body === standIn);
    t.equal((await fleet.ask()).body, name);
    await docker('rm', '-f', name as string);
    await eventually('the stand-in answers', async () => (await fleet.ask()).body === standIn);
  });

  t.test('the maintenance page answers when all are gone', async (t) => {
    const fleet = await startFleet(t, context);
    const [name] = await fleet.addAll(1, { 'fairlead.fallback': 'page:maintenance.html' });
    await docker('stop', '-t', '1', name as string);
    await fleet.available([]);
    const answer = await fleet.ask();
    t.equal(answer.status, 503);
    t.match(answer.body, /Back soon/);
  });

  t.test('a WebSocket echoes and survives the start and stop of other containers', async (t) => {
    const fleet = await startFleet(t, context);
    const [name] = await fleet.addAll(1);
    const url = `${fleet.fairlead.origin.replace('http', 'ws')}/ws`;
    const socket = new WebSocket(url, { headers: { host: fleet.host } });
    t.teardown(() => socket.terminate());
    await once(socket, 'open');
    const echo = async (text: string) => {
      socket.send(text);
      const [data] = await once(socket, 'message');
      return String(data);
    };
    t.equal(await echo('hello'), `${name}: hello`);
    const other = await fleet.add();
    await fleet.available([name as string, other]);
    t.equal(await echo('after a start'), `${name}: after a start`);
    await docker('stop', '-t', '1', other);
    await fleet.available([name as string]);
    t.equal(await echo('after a stop'), `${name}: after a stop`);
  });
}
