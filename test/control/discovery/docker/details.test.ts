import type { ContainerInfo } from 'dockerode';
import t from 'tap';
import { connectEngine } from '../../../../src/control/discovery/docker/engine.ts';
import { followEngine } from '../../../support/docker-source.ts';
import { startEngineServer } from '../../../support/engine-server.ts';
import { containerId, type EntryParts, makeEntry } from '../../../support/fake-engine.ts';

/** An entry as Podman lists a container that publishes nothing. */
function brief(parts: EntryParts, networks?: null): ContainerInfo {
  const { HostConfig: _, ...entry } = makeEntry(parts);
  const settings = networks === null ? { NetworkSettings: { Networks: null } } : {};
  return { ...entry, Ports: [], ...settings } as unknown as ContainerInfo;
}

t.test('what the list leaves out is asked for once', async (t) => {
  const { engine, clock, claim } = await followEngine(t, (engine) => {
    engine.entries = [brief({ id: 'a' }), brief({ id: 'b' }, null), makeEntry({ id: 'c' })];
    engine.inspections.set(containerId('a'), { ports: [3000], isOnHostNetwork: false });
    engine.inspections.set(containerId('b'), { ports: [9000], isOnHostNetwork: true });
  });
  t.same(claim('shop-a')?.serves?.address, { host: '172.17.0.2', port: 3000 });
  t.same(claim('shop-b')?.serves?.address, { host: '127.0.0.1', port: 9000 });
  t.ok(claim('shop-c')?.serves);
  await clock.advance(60_000);
  t.equal(engine.inspected, 2);
});

t.test(
  'so are the ports that Docker leaves out: on an internal network, on that of another container',
  async (t) => {
    const { engine, claim } = await followEngine(t, (engine) => {
      const owner = makeEntry({ id: 'f0', name: 'vpn', labels: {}, address: '172.17.0.9' });
      const sharing = {
        ...makeEntry({ id: 'b' }),
        Ports: [],
        HostConfig: { NetworkMode: `container:${containerId('f0')}` },
        NetworkSettings: { Networks: {} },
      } as unknown as ContainerInfo;
      engine.entries = [{ ...makeEntry({ id: 'a' }), Ports: [] }, owner, sharing];
      for (const id of ['a', 'b'])
        engine.inspections.set(containerId(id), { ports: [3000], isOnHostNetwork: false });
    });
    t.same(claim('shop-a')?.serves?.address, { host: '172.17.0.2', port: 3000 });
    t.same(
      claim('shop-b')?.serves?.address,
      { host: '172.17.0.9', port: 3000 },
      'before those of the other one',
    );
    t.equal(engine.inspected, 2);
  },
);

t.test('nothing is asked of who is not ours, does not run, or says its port', async (t) => {
  const { engine } = await followEngine(t, (engine) => {
    const published = { ...brief({ id: 'c' }), Ports: makeEntry({ id: 'c' }).Ports };
    const labels = { 'fairlead.host': 'shop.localhost', 'fairlead.port': '80' };
    const onHost = { ...brief({ id: 'd' }), HostConfig: { NetworkMode: 'host' } };
    engine.entries = [
      brief({ id: 'a', labels: {} }),
      brief({ id: 'b', state: 'exited' }),
      published,
      onHost,
      brief({ id: 'e', labels }),
    ];
  });
  t.equal(engine.inspected, 0);
});

t.test(
  'where the answer is refused the cause is told, and it is asked again with the next list',
  async (t) => {
    const { engine, clock, latest, claim } = await followEngine(t, (engine) => {
      engine.entries = [brief({ id: 'a' })];
    });
    t.match(latest().problems, [{ where: 'fairlead.port', hint: /add fairlead\.port=PORT/ }]);
    engine.inspections.set(containerId('a'), { ports: [3000], isOnHostNetwork: false });
    await clock.advance(10_000);
    t.ok(claim('shop-a')?.serves);
  },
);

t.test('an inspection is read as far as it makes sense', async (t) => {
  for (const [inspect, expected] of [
    [null, { ports: [], isOnHostNetwork: false }],
    [
      { Config: { ExposedPorts: [] }, HostConfig: 7 },
      { ports: [], isOnHostNetwork: false },
    ],
    [
      {
        Config: {
          ExposedPorts: { '8080/tcp': {}, '53/udp': {}, '80/tcp': null, 'x/tcp': {}, '70000/tcp': {} },
        },
      },
      { ports: [80, 8080], isOnHostNetwork: false },
    ],
    [{ HostConfig: { NetworkMode: 'host' } }, { ports: [], isOnHostNetwork: true }],
  ] as const) {
    const server = await startEngineServer(t, 'tcp', { inspect });
    t.same(await connectEngine(server.endpoint, undefined).details(containerId('a')), expected);
  }
});
