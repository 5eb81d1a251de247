import t from 'tap';
import { clientOf } from '../../src/data/clients.ts';
import { defaultMaxConnections, descriptorLimit, descriptorsFor } from '../../src/data/descriptors.ts';

t.test('a client is an address of IPv4, or a /64 network of IPv6', async (t) => {
  for (const [address, client] of [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:db8:1:2::5', '2001:db8:1:2'],
    ['2001:db8::5', '2001:db8:0:0'],
    ['2001:db8::3:4:5:6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
  ] as const)
    t.equal(clientOf(address), client, address);
});

t.test('clients may take half of what the process may open, and it keeps some for itself', async (t) => {
  for (const [descriptors, connections] of [
    [64, 16],
    [256, 88],
    [1_024, 472],
    [20_000, 9_960],
    [1_048_576, 65_536],
    [undefined, 65_536],
  ] as const)
    t.equal(defaultMaxConnections(descriptors), connections, String(descriptors));
  for (const descriptors of [256, 1_024, 20_000])
    t.ok(descriptorsFor(defaultMaxConnections(descriptors)) <= descriptors);
});

t.test('the process knows how much it may open', async (t) => {
  const limit = descriptorLimit();
  t.ok(limit === undefined || (Number.isInteger(limit) && limit > 0), String(limit));
});
