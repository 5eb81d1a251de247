import t from 'tap';
import type { Container, ContainerNetwork } from '../../../../src/control/discovery/docker/container.ts';
import { type Located, locate, type Reach } from '../../../../src/control/discovery/docker/reach.ts';
import type { BackendSettings } from '../../../../src/model/keys/draft.ts';
import { makeContainer } from '../../../support/fake-engine.ts';

const DRIVERS = new Map([
  ['net-bridge', 'bridge'],
  ['front', 'bridge'],
  ['back', 'bridge'],
  ['lan', 'macvlan'],
  ['mesh', 'overlay'],
  ['none', 'null'],
]);
const HOST: Reach = { kind: 'host', drivers: DRIVERS };
const PUBLISHED: Reach = { kind: 'published', host: 'docker.example.org' };

function network(id: string, address: string, name = id): ContainerNetwork {
  return { id, name, address };
}

/** Fairlead as a container on these networks. */
function inside(networks: readonly ContainerNetwork[], parts: Partial<Container> = {}): Reach {
  return {
    kind: 'container',
    self: makeContainer({ id: 'f', name: 'fairlead', networks, ...parts }),
    drivers: DRIVERS,
  };
}

function find(parts: Partial<Container>, reach: Reach, said: BackendSettings = {}): Located {
  return locate(makeContainer(parts), said, reach);
}

/** `host:port`, or the label that is at fault. */
function found(located: Located): string {
  return 'label' in located ? located.label : `${located.address.host}:${located.address.port}`;
}

function message(located: Located): string {
  return 'label' in located ? located.message : '';
}

t.test('the only exposed port is taken', async (t) => {
  const located = find({ ports: [3000] }, HOST);
  t.equal(found(located), '172.17.0.2:3000');
  t.match(located, { notes: ['port 3000: the only one exposed', /bridge: the only one that Fairlead/] });
});

t.test('of several exposed ports the lowest is taken, unless a label says another', async (t) => {
  const ports = [80, 443, 8080];
  t.equal(found(find({ ports }, HOST)), '172.17.0.2:80');
  t.match(find({ ports }, HOST), { notes: ['port 80: the lowest of 80, 443, 8080'] });
  t.equal(found(find({ ports }, HOST, { port: 8080 })), '172.17.0.2:8080');
});

t.test('a port that a label says need not be exposed', async (t) => {
  const located = find({ ports: [] }, HOST, { port: 9000 });
  t.equal(found(located), '172.17.0.2:9000');
  t.match(located, { port: 9000, notes: ['port 9000: fairlead.port'] });
});

t.test('a container that exposes nothing is told what to do', async (t) => {
  const located = find({ ports: [] }, HOST);
  t.equal(found(located), 'fairlead.port');
  t.match(located, { message: 'the container exposes no TCP port', hint: /EXPOSE/ });
});

t.test('from the host every bridge network is reached, the first by name that has an address', async (t) => {
  const networks = [network('back', ''), network('front', '172.20.0.3'), network('net-bridge', '172.17.0.9')];
  const located = find({ networks }, HOST);
  t.equal(found(located), '172.20.0.3:80');
  t.match(located, { notes: [/./, /front: the first by name .*also back, net-bridge/] });
});

t.test('from the host macvlan and overlay are not reached', async (t) => {
  for (const id of ['lan', 'mesh']) {
    const located = find({ networks: [network(id, '10.9.0.2')] }, HOST);
    t.equal(found(located), 'fairlead.network', id);
    t.match(message(located), `the container is on ${id}; Fairlead runs on the host`);
  }
  const networks = [network('lan', '10.9.0.2'), network('front', '172.20.0.3')];
  t.equal(found(find({ networks }, HOST)), '172.20.0.3:80', 'but its bridge is');
});

t.test('a network that is too new to be listed is taken for a bridge', async (t) => {
  t.equal(found(find({ networks: [network('new', '172.30.0.2')] }, HOST)), '172.30.0.2:80');
});

t.test('a container with only an IPv6 address is reached there', async (t) => {
  t.equal(found(find({ networks: [network('front', '2001:db8::4')] }, HOST)), '2001:db8::4:80');
});

t.test('from a container only shared networks are reached', async (t) => {
  const own = inside([network('front', '172.20.0.2')]);
  const networks = [network('back', '172.21.0.3'), network('front', '172.20.0.3')];
  t.equal(found(find({ networks }, own)), '172.20.0.3:80');
});

t.test('networks are the same by their id: equal names on two Engines are not', async (t) => {
  const own = inside([network('front', '172.20.0.2', 'app')]);
  t.equal(found(find({ networks: [network('back', '172.21.0.3', 'app')] }, own)), 'fairlead.network');
  const unknown = inside([network('', '172.20.0.2', 'app')]);
  t.equal(found(find({ networks: [network('', '172.21.0.3', 'app')] }, unknown)), 'fairlead.network');
});

t.test('from a container a shared network of any driver is reached', async (t) => {
  const own = inside([network('mesh', '10.9.0.1')]);
  t.equal(found(find({ networks: [network('mesh', '10.9.0.2')] }, own)), '10.9.0.2:80');
});

t.test('without a shared network both sides are named', async (t) => {
  const own = inside([network('front', '1', 'edge'), network('mesh', '2')]);
  const networks = [network('back', '172.21.0.3'), network('lan', '10.9.0.2')];
  const located = find({ networks }, own);
  t.equal(
    message(located),
    'no network that Fairlead reaches: the container is on back, lan; Fairlead is on edge, mesh',
  );
  t.match(located, { hint: /docker network connect/ });
});

t.test('a container without any network is told so', async (t) => {
  t.match(message(find({ networks: [] }, HOST)), 'the Engine names no network');
});

t.test('a label chooses the network', async (t) => {
  const networks = [network('back', '172.21.0.3'), network('front', '172.20.0.3')];
  const located = find({ networks }, HOST, { network: 'front' });
  t.equal(found(located), '172.20.0.3:80');
  t.match(located, { notes: [/./, /network front: fairlead.network/] });
});

t.test('a label names the network of a compose project with or without its prefix', async (t) => {
  const labels = { 'com.docker.compose.project': 'web' };
  const networks = [
    network('back', '172.21.0.3', 'other_front'),
    network('front', '172.20.0.3', 'web_front'),
  ];
  t.equal(found(find({ networks, labels }, HOST, { network: 'front' })), '172.20.0.3:80');
  t.equal(found(find({ networks, labels }, HOST, { network: 'web_front' })), '172.20.0.3:80');
  t.equal(found(find({ networks }, HOST, { network: 'front' })), 'fairlead.network', 'no project, no prefix');
});

t.test('a network of a label that is not shared is named with those that were tried', async (t) => {
  const own = inside([network('back', '172.21.0.2')]);
  const networks = [network('back', '172.21.0.3'), network('front', '172.20.0.3')];
  t.equal(
    message(find({ networks }, own, { network: 'front' })),
    'network front is not one that both are on: the container is on back, front; Fairlead is on back',
  );
});

t.test('a container on the host network is reached on the loopback by who shares it', async (t) => {
  const parts = { isOnHostNetwork: true, networks: [network('host', '')], ports: [] };
  t.equal(found(find(parts, HOST, { port: 3000 })), '127.0.0.1:3000');
  t.equal(found(find(parts, inside([], { isOnHostNetwork: true }), { port: 3000 })), '127.0.0.1:3000');
  t.equal(found(find(parts, PUBLISHED, { port: 3000 })), 'docker.example.org:3000');
});

t.test('a container on the host network is not reached from one on a network of its own', async (t) => {
  const parts = { isOnHostNetwork: true, networks: [network('host', '')] };
  const located = find(parts, inside([network('front', '172.20.0.2')]));
  t.equal(found(located), 'fairlead.network');
  t.match(located, { message: /host's network, which Fairlead's container does not share/ });
});

t.test('a Fairlead container on the host network reaches what the host does', async (t) => {
  const own = inside([network('host', '')], { isOnHostNetwork: true });
  t.equal(found(find({ networks: [network('front', '172.20.0.3')] }, own)), '172.20.0.3:80');
  const located = find({ networks: [network('lan', '10.9.0.2')] }, own);
  t.equal(found(located), 'fairlead.network');
  t.match(message(located), 'Fairlead runs on the host');
});

const publish = (port: number, hostPort: number, isLoopback = false) => ({
  port,
  hostPort,
  ip: isLoopback ? '127.0.0.1' : '0.0.0.0',
});

t.test('elsewhere a port that only its host reaches is as good as not published', async (t) => {
  const published = [publish(80, 32768, true)];
  t.equal(found(find({ ports: [80], published }, PUBLISHED)), 'fairlead.port');
  const here: Reach = { kind: 'published', host: '127.0.0.1' };
  t.equal(found(find({ ports: [80], published }, here)), '127.0.0.1:32768', 'but here we are on that host');
});

t.test('elsewhere the published port is taken', async (t) => {
  const located = find({ ports: [80], published: [publish(80, 32768)] }, PUBLISHED);
  t.equal(found(located), 'docker.example.org:32768');
  t.match(located, { port: 80, notes: [/./, /where the Engine's host publishes it/] });
});

t.test('elsewhere a port that is not published is told how to be', async (t) => {
  const located = find({ ports: [80, 443], published: [publish(443, 443)] }, PUBLISHED);
  t.equal(found(located), 'fairlead.port');
  t.match(located, { message: /port 80 is not published/, hint: /-p 80/ });
  const chosen = find({ ports: [80, 443], published: [publish(443, 443)] }, PUBLISHED, {
    port: 443,
  });
  t.equal(found(chosen), 'docker.example.org:443');
});

t.test('a container without ports is told the cause, not what would not help', async (t) => {
  const onHost = find({ ports: [], networks: [network('host', '')], isOnHostNetwork: true }, HOST);
  t.match(onHost, {
    label: 'fairlead.port',
    message: /on the host's network/,
    hint: 'add fairlead.port=PORT',
  });
  for (const draft of [{}, { port: 80 }]) {
    const alone = find({ ports: [], networks: [network('null', '', 'none')] }, HOST, draft);
    t.match(alone, {
      label: 'fairlead.network',
      message: /no network \(--network none\)/,
      hint: /create it/,
    });
  }
});

const far = (address: string): ContainerNetwork => ({ ...network('front', address), isFar: true });

t.test('where its network is not one of this host, the published port is taken, with a notice', async (t) => {
  const published = [publish(80, 32768)];
  const located = find({ networks: [far('172.20.0.3')], published }, HOST);
  t.equal(found(located), '127.0.0.1:32768');
  t.match(located, { caveat: { label: 'fairlead.network', message: /rootless.*127\.0\.0\.1:32768/ } });
  const own = inside([network('host', '')], { isOnHostNetwork: true });
  t.equal(found(find({ networks: [far('172.20.0.3')], published }, own)), '127.0.0.1:32768');
  t.equal(found(find({ networks: [], published }, HOST)), '127.0.0.1:32768', 'nor has it any address');
  t.equal(found(find({ networks: [network('lan', '10.9.0.2')], published }, HOST)), '127.0.0.1:32768');
});

t.test('what is not published there is tried by its address, with a notice', async (t) => {
  const located = find({ networks: [far('172.20.0.3')] }, HOST);
  t.equal(found(located), '172.20.0.3:80');
  t.match(located, { caveat: { message: /may be out of reach/, hint: /-p 80/ } });
});

t.test('a network of this host goes before one that is not', async (t) => {
  const networks = [far('172.20.0.3'), network('net-bridge', '172.17.0.9')];
  const located = find({ networks, published: [publish(80, 32768)] }, HOST);
  t.equal(found(located), '172.17.0.9:80');
  t.notMatch(located, { caveat: {} });
});

t.test('from a container on the same network nothing need be published', async (t) => {
  const own = inside([network('front', '172.20.0.2')]);
  t.equal(
    found(find({ networks: [far('172.20.0.3')], published: [publish(80, 32768)] }, own)),
    '172.20.0.3:80',
  );
});

t.test('of the ports that are published for each family that of the address is taken', async (t) => {
  const here: Reach = { kind: 'published', host: '127.0.0.1' };
  const at = (...ips: string[]) => ips.map((ip, i) => ({ port: 80, hostPort: 40_000 + i, ip }));
  const where = (...ips: string[]) => found(find({ published: at(...ips) }, here));
  t.equal(where('::', '0.0.0.0'), '127.0.0.1:40001');
  t.equal(where('0.0.0.0', '::'), '127.0.0.1:40000');
  t.equal(where(''), '127.0.0.1:40000', 'as Podman says it');
  t.equal(where('::'), '::1:40000');
  t.equal(
    where('192.0.2.7'),
    '192.0.2.7:40000',
    'one that is published at a single address is reached there',
  );
  t.equal(where('192.0.2.7', '0.0.0.0'), '127.0.0.1:40001');
});

t.test('the command that puts Fairlead and a container on one network is told whole', async (t) => {
  const network = (name: string) => ({ name, id: `net-${name}`, address: '172.18.0.2' });
  const self = makeContainer({ name: 'fairlead', networks: [network('web')] });
  const hintFor = (names: readonly string[], own = self) => {
    const container = makeContainer({ networks: names.map(network) });
    const located = locate(container, {}, { kind: 'container', self: own, drivers: new Map() });
    return 'hint' in located ? located.hint : undefined;
  };
  const begin = 'put both on one network: docker network connect';
  t.equal(hintFor(['shop_default']), `${begin} shop_default fairlead`);
  t.equal(hintFor(['bridge', 'shop_default']), `${begin} shop_default fairlead`);
  t.equal(
    hintFor(['bridge']),
    `${begin} web shop-1`,
    'the default network of all is not for Fairlead to join',
  );
  const onMany = makeContainer({ name: 'fairlead', networks: ['admin', 'web'].map(network) });
  t.match(
    hintFor(['bridge'], onMany),
    /connect NETWORK shop-1, .*not for its admin address/,
    'of several none is guessed',
  );
  const onDefault = makeContainer({ name: 'fairlead', networks: [network('other')], networkOf: 'abc' });
  t.equal(hintFor(['shop_default'], onDefault), `${begin} other shop-1`, 'it shares the network of another');
});
