import type { ContainerInfo } from 'dockerode';
import t from 'tap';
import { settle } from '../../../support/clock.ts';
import { followEngine } from '../../../support/docker-source.ts';
import { containerId, type EntryParts, makeEntry } from '../../../support/fake-engine.ts';

/** An entry as Docker lists a container that shares the network of another. */
function sharing(id: string, owner: string, parts: Partial<EntryParts> = {}, port?: number): ContainerInfo {
  return {
    ...makeEntry({ id, ...parts }),
    Ports: port === undefined ? [] : [{ PrivatePort: port, Type: 'tcp' }],
    HostConfig: { NetworkMode: `container:${containerId(owner)}` },
    NetworkSettings: { Networks: {} },
  } as unknown as ContainerInfo;
}

const vpn = (parts: Partial<EntryParts> = {}) => makeEntry({ id: 'f0', name: 'vpn', labels: {}, ...parts });
const LABELS = { 'fairlead.host': 'shop.localhost', 'fairlead.port': '3000' };

t.test('a container behind another one’s network is reached at that one’s address', async (t) => {
  const { claim, latest } = await followEngine(t, (engine) => {
    engine.entries = [sharing('a', 'f0', { labels: LABELS }), vpn({ address: '172.17.0.9' })];
  });
  t.same(claim('shop-a')?.serves?.address, { host: '172.17.0.9', port: 3000 });
  t.same(latest().problems, []);
});

t.test('without a port of its own it has those of the other one', async (t) => {
  const { claim } = await followEngine(t, (engine) => {
    engine.entries = [vpn({ address: '172.17.0.9' }), sharing('a', 'f0'), sharing('b', 'f0', {}, 9000)];
  });
  t.equal(claim('shop-a')?.serves?.address.port, 80);
  t.equal(claim('shop-b')?.serves?.address.port, 9000, 'its own go first');
});

t.test('elsewhere the port is taken that the other one publishes', async (t) => {
  const owner = vpn();
  owner.Ports = [{ IP: '0.0.0.0', PrivatePort: 3000, PublicPort: 32768, Type: 'tcp' }];
  const { claim } = await followEngine(
    t,
    (engine) => {
      engine.entries = [owner, sharing('a', 'f0', { labels: LABELS })];
    },
    { elsewhere: { kind: 'published', host: 'docker.example.org' } },
  );
  t.same(claim('shop-a')?.serves?.address, { host: 'docker.example.org', port: 32768 });
});

t.test('a chain of them leads to the network at its end, and a circle to none', async (t) => {
  const { claim, latest } = await followEngine(t, (engine) => {
    engine.entries = [
      sharing('a', 'b', { labels: LABELS }),
      sharing('b', 'f0', { labels: {} }),
      vpn({ address: '172.17.0.9' }),
      sharing('c', 'd', { labels: LABELS }),
      sharing('d', 'c', { labels: {} }),
    ];
  });
  t.equal(claim('shop-a')?.serves?.address.host, '172.17.0.9');
  t.match(latest().problems, [{ severity: 'error', subject: 'shop-c', where: 'fairlead.network' }]);
});

t.test('it follows the other one: a new address, a stop, a start', async (t) => {
  const { engine, clock, claim, latest } = await followEngine(t, (engine) => {
    engine.entries = [sharing('a', 'f0', { labels: LABELS }), vpn({ address: '172.17.0.9' })];
  });
  const happens = async (action: string, entry: ContainerInfo) => {
    engine.entries = [sharing('a', 'f0', { labels: LABELS }), entry];
    engine.emit('f0', action);
    await clock.advance(300);
  };
  await happens('disconnect', vpn({ address: '172.17.0.10' }));
  t.equal(claim('shop-a')?.serves?.address.host, '172.17.0.10');
  await happens('die', vpn({ state: 'exited' }));
  t.equal(claim('shop-a')?.serves, undefined);
  t.match(latest().problems, [
    { subject: 'shop-a', message: /shares the network of container vpn, which is exited/, hint: /start vpn/ },
  ]);
  await happens('start', vpn({ address: '172.17.0.11' }));
  t.equal(claim('shop-a')?.serves?.address.host, '172.17.0.11');
  t.same(latest().problems, []);
});

t.test('when the other one is gone, that is what is said', async (t) => {
  const { engine, claim, latest } = await followEngine(t, (engine) => {
    engine.entries = [sharing('a', 'f0', { labels: LABELS }), vpn()];
  });
  engine.entries = [sharing('a', 'f0', { labels: LABELS })];
  engine.emit('f0', 'destroy');
  await settle();
  t.equal(claim('shop-a')?.serves, undefined);
  t.match(latest().problems, [{ subject: 'shop-a', message: /container f00000000000, which is gone/ }]);
});

t.test(
  'a network that cannot be reached is joined by way of the other one, as Docker wants it',
  async (t) => {
    const self = makeEntry({ id: 'fa', name: 'fairlead', labels: {} });
    self.NetworkSettings.Networks = {};
    const { latest } = await followEngine(
      t,
      (engine) => {
        engine.entries = [self, vpn(), sharing('a', 'f0', { labels: LABELS })];
      },
      { ownIds: [containerId('fa')] },
    );
    t.match(latest().problems, [{ hint: /docker network connect NETWORK f00000000000/ }]);
  },
);

t.test('one on the host’s network by way of another is reached as that one is', async (t) => {
  const owner = vpn();
  Object.assign(owner, { HostConfig: { NetworkMode: 'host' }, Ports: [] });
  const { claim } = await followEngine(t, (engine) => {
    engine.entries = [owner, sharing('a', 'f0', { labels: LABELS })];
  });
  t.same(claim('shop-a')?.serves?.address, { host: '127.0.0.1', port: 3000 });
});

t.test('what shares nothing that changed stays the very same', async (t) => {
  const { engine, source } = await followEngine(t, (engine) => {
    engine.entries = [sharing('a', 'f0', { labels: LABELS }), vpn(), makeEntry({ id: 'b' })];
  });
  const reports = () => source.explain('').names.flatMap((name) => source.explain(name).reports);
  const before = reports();
  t.equal(before.length, 3);
  engine.emit('b', 'health_status');
  await settle();
  t.ok(reports().every((report, i) => report === before[i]));
});
