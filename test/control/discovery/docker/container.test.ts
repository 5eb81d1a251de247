import t from 'tap';
import {
  type Container,
  isOneOff,
  readContainer,
} from '../../../../src/control/discovery/docker/container.ts';
import { makeContainer } from '../../../support/fake-engine.ts';

const ID = '8dfafdbc3a40d1d0e0f7ee52bb1a5ca9bbbf5b1d1c5d8e0d5a0b7a6c1f2e3d4c';

/** As Engine 20.10 (API 1.41) lists a container of a compose project. */
const API_1_41 = {
  Id: ID,
  Names: ['/web_shop_1'],
  Image: 'my/shop:1.4',
  ImageID: 'sha256:0c4f1b8a',
  Command: '"docker-entrypoint.s…"',
  Created: 1_649_158_062,
  Ports: [
    { IP: '0.0.0.0', PrivatePort: 8080, PublicPort: 32768, Type: 'tcp' },
    { IP: '::', PrivatePort: 8080, PublicPort: 32768, Type: 'tcp' },
    { PrivatePort: 443, Type: 'tcp' },
    { PrivatePort: 53, Type: 'udp' },
    { PrivatePort: 80, Type: 'tcp' },
  ],
  Labels: { 'com.docker.compose.project': 'web', 'fairlead.host': 'shop.localhost' },
  State: 'running',
  Status: 'Up 3 hours (healthy)',
  HostConfig: { NetworkMode: 'web_default' },
  NetworkSettings: {
    Networks: {
      web_front: { NetworkID: 'f2', EndpointID: 'e2', Gateway: '172.19.0.1', IPAddress: '172.19.0.4' },
      web_back: { NetworkID: 'b1', EndpointID: 'e1', Gateway: '172.18.0.1', IPAddress: '172.18.0.4' },
    },
  },
  Mounts: [],
};

/** As Engine 29 (API 1.52) does: with the health as a field of its own. */
const API_1_52 = {
  ...API_1_41,
  ImageManifestDescriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 1022 },
  Status: 'Up 3 hours',
  Health: { Status: 'unhealthy', FailingStreak: 3 },
  HostConfig: { NetworkMode: 'web_default', Annotations: { 'io.kubernetes.sandbox': 'x' } },
  NetworkSettings: {
    Networks: {
      web_front: {
        NetworkID: 'f2',
        MacAddress: '02:42:ac:13:00:04',
        DNSNames: null,
        IPAddress: '172.19.0.4',
      },
    },
  },
};

const read = (entry: unknown) => readContainer(entry) as Container;

t.test('an entry of API 1.41 is read', async (t) => {
  t.same(read(API_1_41), {
    id: ID,
    name: 'web_shop_1',
    image: 'my/shop:1.4',
    labels: API_1_41.Labels,
    refused: [],
    state: 'running',
    health: 'healthy',
    ports: [80, 443, 8080],
    published: [
      { port: 8080, hostPort: 32768, ip: '0.0.0.0' },
      { port: 8080, hostPort: 32768, ip: '::' },
    ],
    networks: [
      { name: 'web_back', id: 'b1', address: '172.18.0.4' },
      { name: 'web_front', id: 'f2', address: '172.19.0.4' },
    ],
    isOnHostNetwork: false,
    createdAt: 1_649_158_062_000,
  });
});

t.test('an entry of API 1.52 is read, its health from the field', async (t) => {
  const container = read(API_1_52);
  t.equal(container.health, 'unhealthy');
  t.same(container.ports, [80, 443, 8080]);
  t.same(container.networks, [{ name: 'web_front', id: 'f2', address: '172.19.0.4' }]);
});

t.test('the health is in the status where it has no field', async (t) => {
  const health = (Status: string) => read({ ...API_1_41, Status }).health;
  t.equal(health('Up 2 seconds (health: starting)'), 'starting');
  t.equal(health('Up 3 hours (healthy)'), 'healthy');
  t.equal(health('Up 3 hours (unhealthy)'), 'unhealthy');
  t.equal(health('Up 3 hours'), 'none');
  t.equal(health('Up 3 hours (Paused)'), 'none');
  t.equal(health('Exited (137) 2 minutes ago'), 'none');
});

t.test('a field that says that there is no check is believed', async (t) => {
  t.equal(read({ ...API_1_52, Health: { Status: 'none', FailingStreak: 0 } }).health, 'none');
});

t.test('a missing field becomes empty and never throws', async (t) => {
  for (const key of Object.keys(API_1_52)) {
    for (const value of [undefined, null]) {
      t.doesNotThrow(() => read({ ...API_1_52, [key]: value }), `${key}: ${value}`);
    }
  }
  t.same(read({ Id: ID }), {
    id: ID,
    name: ID.slice(0, 12),
    image: '',
    labels: {},
    refused: [],
    state: '',
    health: 'none',
    ports: [],
    published: [],
    networks: [],
    isOnHostNetwork: false,
    isBrief: true,
    createdAt: 0,
  });
});

t.test('a port or a network without its fields is passed over', async (t) => {
  const none = { PrivatePort: 0, PublicPort: 0, Type: 'tcp' };
  const Ports = [null, {}, { Type: 'tcp' }, none, { PrivatePort: 80, PublicPort: 0, Type: 'tcp' }];
  const NetworkSettings = { Networks: { none: null, odd: {} } };
  const container = read({ ...API_1_41, Ports, NetworkSettings });
  t.same(container.ports, [80]);
  t.same(container.published, []);
  t.same(container.networks, [
    { name: 'none', id: '', address: '' },
    { name: 'odd', id: '', address: '' },
  ]);
});

t.test('a container that has only an IPv6 address is reached by that', async (t) => {
  const Networks = { six: { NetworkID: '6', IPAddress: '', GlobalIPv6Address: '2001:db8::4' } };
  const container = read({ ...API_1_41, NetworkSettings: { Networks } });
  t.same(container.networks, [{ name: 'six', id: '6', address: '2001:db8::4' }]);
});

t.test('the name is its own, not the one that another container links it by', async (t) => {
  t.equal(read({ ...API_1_41, Names: ['/web_front_1/shop', '/web_shop_1'] }).name, 'web_shop_1');
});

t.test('the host network is told from others', async (t) => {
  const container = read({ ...API_1_41, HostConfig: { NetworkMode: 'host' } });
  t.equal(container.isOnHostNetwork, true);
});

t.test('a one-off of docker compose run is told from a service', async (t) => {
  const oneOff = (value: string) =>
    isOneOff(makeContainer({ labels: { 'com.docker.compose.oneoff': value } }));
  t.ok(oneOff('True'));
  t.ok(oneOff('true'));
  t.notOk(oneOff('False'));
  t.notOk(isOneOff(makeContainer({ labels: {} })));
});

/** Values of every kind, in the place of what an Engine says. */
const NONSENSE = [
  null,
  true,
  7,
  1.5,
  -1,
  1e300,
  '',
  'text',
  '\u0000',
  [],
  [null],
  [[]],
  {},
  { a: null },
  JSON.parse('{"__proto__":7,"toString":1}'),
];

t.test('nonsense in any field never throws, and every field stays of its kind', async (t) => {
  const kinds = (container: Container) =>
    Object.entries(container).map(([key, value]) => `${key} ${Array.isArray(value) ? 'list' : typeof value}`);
  const good = kinds(read(API_1_52)).join();
  for (const key of Object.keys(API_1_52)) {
    if (key === 'Id') continue;
    for (const value of NONSENSE) {
      const container = read({ ...API_1_52, [key]: value });
      const { networkOf: _, isBrief: __, ...rest } = container;
      t.equal(kinds(rest as Container).join(), good, `${key}: ${JSON.stringify(value)}`);
    }
  }
});

t.test('an entry without an id that could be asked for is no container', async (t) => {
  for (const entry of [...NONSENSE, { Id: '../json' }, { Id: 'a b' }, { Id: '' }, { Id: 'a'.repeat(200) }]) {
    t.equal(readContainer(entry), undefined, JSON.stringify(entry));
  }
});

t.test('ports are whole numbers that TCP knows, addresses are addresses', async (t) => {
  const odd = [1.5, Number.NaN, '80', -1, 0, 65_536, 1e9, null, [80]];
  const Ports = [...odd, 81].map((PrivatePort) => ({ PrivatePort, PublicPort: 9000, Type: 'tcp' }));
  const PublicPorts = odd.map((PublicPort) => ({ PrivatePort: 82, PublicPort, Type: 'tcp' }));
  const Networks = Object.fromEntries(
    ['evil.example.org', 7, {}, '1.2.3', '10.0.0.1'].map((IPAddress, i) => [
      `n${i}`,
      { NetworkID: 'n', IPAddress },
    ]),
  );
  const container = read({ ...API_1_41, Ports: [...Ports, ...PublicPorts], NetworkSettings: { Networks } });
  t.same(container.ports, [81, 82]);
  t.same(container.published, [{ port: 81, hostPort: 9000, ip: '' }]);
  t.same(
    container.networks.map(({ address }) => address),
    ['', '', '', '', '10.0.0.1'],
  );
});

t.test('a network behind a gateway of another machine is far', async (t) => {
  const asked: string[] = [];
  const container = readContainer(API_1_41, (gateway) => {
    asked.push(gateway);
    return gateway === '172.18.0.1';
  });
  t.same(asked.sort(), ['172.18.0.1', '172.19.0.1']);
  t.same(
    container?.networks.map(({ name, isFar }) => [name, isFar]),
    [
      ['web_back', undefined],
      ['web_front', true],
    ],
  );
});

t.test('what shares the network of another container names it', async (t) => {
  t.equal(read({ ...API_1_41, HostConfig: { NetworkMode: `container:${ID}` } }).networkOf, ID);
  t.equal(read({ ...API_1_41, HostConfig: { NetworkMode: 'container:' } }).networkOf, undefined);
});

/** As Podman 4.3 lists them: without HostConfig, networks by their names, ports without an address. */
const PODMAN = {
  Id: ID,
  Names: ['/web'],
  Image: 'localhost/my/shop:latest',
  Created: 1_795_742_536,
  Ports: [{ PrivatePort: 8080, PublicPort: 43_721, Type: 'tcp' }],
  Labels: { 'fairlead.host': 'p.localhost' },
  State: 'running',
  Status: 'Up 2 seconds',
  NetworkSettings: {
    Networks: {
      podman: { NetworkID: 'podman', Gateway: '10.88.0.1', IPAddress: '10.88.0.6', Aliases: ['289d'] },
    },
  },
};

t.test('an entry of Podman is read', async (t) => {
  t.match(read(PODMAN), {
    name: 'web',
    ports: [8080],
    published: [{ port: 8080, hostPort: 43_721, ip: '' }],
    networks: [{ name: 'podman', id: 'podman', address: '10.88.0.6' }],
    isOnHostNetwork: false,
  });
  const rootless = read({ ...PODMAN, NetworkSettings: { Networks: null } });
  t.match(rootless, { networks: [], published: [{ hostPort: 43_721 }] });
});
