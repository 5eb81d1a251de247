import type { Test } from 'tap';
import { docker, makeNetwork } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { type ClaimContext, Fleet, startFleet } from './fleet.ts';

export function discoveryClaims(t: Test, context: ClaimContext): void {
  t.test('a labelled container is routed, and nothing else had to be done', async (t) => {
    const fleet = await startFleet(t, context);
    const name = await fleet.add();
    const routed = async () => (await fleet.ask()).body === name;
    t.ok(await eventually('it is routed', routed));
  });

  t.test('a second container with the same label shares its traffic', async (t) => {
    const fleet = await startFleet(t, context);
    const names = await fleet.addAll(2);
    const counts = await fleet.tally(20);
    t.same(
      names.map((name) => counts.get(name)),
      [10, 10],
    );
  });

  t.test('a typo in a label is named with a suggestion while other containers go on', async (t) => {
    const good = await startFleet(t, context);
    const bad = new Fleet(t, context.image, good.fairlead);
    const name = await bad.add({ 'fairlead.wieght': '3' });
    await good.addAll(1);
    const problem = await eventually('the problem is shown', async () =>
      (await good.fairlead.state()).problems.find((candidate) => candidate.subject === name),
    );
    t.match(problem, { severity: 'error', where: 'fairlead.wieght', hint: 'did you mean fairlead.weight?' });
    t.equal((await good.ask()).status, 200);
    t.equal((await bad.ask()).status, 503, 'its host is known, and not served');
    t.match(await good.fairlead.explain(name), /did you mean fairlead\.weight/);
  });

  t.test('a one-off of docker compose run takes no traffic', async (t) => {
    const fleet = await startFleet(t, context);
    const name = await fleet.add({ 'com.docker.compose.oneoff': 'True' });
    const text = await eventually(
      'it is seen',
      async () => await fleet.fairlead.explain(name).then((text) => text || false),
    );
    t.match(text, /ignored: it is a one-off/);
    t.equal((await fleet.ask()).status, 404);
  });

  t.test('a removed container leaves a host that answers 503, not 404', async (t) => {
    const fleet = await startFleet(t, context);
    const [name] = await fleet.addAll(1);
    await docker('rm', '-f', name as string);
    await fleet.available([]);
    const answer = await fleet.ask();
    t.equal(answer.status, 503);
    t.ok(answer.headers['retry-after']);
  });

  t.test('a renamed container keeps its traffic, under its new name', async (t) => {
    const fleet = await startFleet(t, context);
    const [name] = await fleet.addAll(1);
    await docker('rename', name as string, `${name}-renamed`);
    t.teardown(() => docker('rm', '-f', `${name}-renamed`).catch(() => {}));
    await fleet.available([`${name}-renamed`]);
    t.equal((await fleet.ask()).status, 200);
  });
}

/** Which network leads to a container depends on where Fairlead runs; here it is on the host. */
export function hostNetworkClaims(t: Test, context: ClaimContext): void {
  t.test('a container on two networks gets the right address', async (t) => {
    const [first, second] = [await makeNetwork(t), await makeNetwork(t)];
    const fleet = await startFleet(t, context);
    const name = await fleet.add({ 'fairlead.network': second }, { args: ['--network', first] });
    await eventually('the missing network is named', async () => {
      const text = await fleet.fairlead.explain(name);
      return text.includes(`network ${second} is not one that both are on: the container is on ${first}`);
    });
    await docker('network', 'connect', second, name);
    await fleet.available([name]);
    t.equal((await fleet.ask()).body, name);
    const address = await docker(
      'inspect',
      '-f',
      `{{(index .NetworkSettings.Networks "${second}").IPAddress}}`,
      name,
    );
    t.match(
      await fleet.fairlead.explain(name),
      new RegExp(`address ${address} on network ${second}: fairlead.network`),
    );
  });
}

/** And here in a container, on the default bridge. */
export function sharedNetworkClaims(t: Test, context: ClaimContext): void {
  t.test('a container on two networks gets the address on the one that is shared', async (t) => {
    const other = await makeNetwork(t);
    const fleet = await startFleet(t, context);
    const name = await fleet.add({}, { args: ['--network', other] });
    await eventually('the networks that were tried are named', async () => {
      const text = await fleet.fairlead.explain(name);
      return text.includes(`the container is on ${other}; Fairlead is on bridge`);
    });
    await docker('network', 'connect', 'bridge', name);
    await fleet.available([name]);
    t.equal((await fleet.ask()).body, name);
    const address = await docker('inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', name);
    t.match(
      await fleet.fairlead.explain(name),
      new RegExp(`address ${address} on network bridge: the only one`),
    );
  });
}
