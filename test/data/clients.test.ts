import t from 'tap';
import { Clients, clientOf } from '../../src/data/clients.ts';
import { defaultMaxConnections, descriptorLimit, descriptorsFor } from '../../src/data/descriptors.ts';
import type { ClientConnection } from '../../src/data/http1/server.ts';
import { Sweep } from '../../src/data/sweep.ts';
import { FakeClock } from '../support/clock.ts';

t.test('of connections that have asked, those rest that are idle for a while', async (t) => {
  const clock = new FakeClock();
  const clients = new Clients(
    { maxConnections: 0, maxConnectionsPerClient: 0 },
    new Sweep(clock),
    () => false,
  );
  const rested: string[] = [];
  const add = (name: string, idleSince: () => number) => {
    const connection = {
      peer: '192.0.2.1',
      get idleSince() {
        return idleSince();
      },
      rest: () => rested.push(name),
    } as unknown as ClientConnection;
    clients.add(connection);
    return connection;
  };
  clients.admit(add('idle', () => 0));
  clients.admit(add('busy', () => Number.POSITIVE_INFINITY));
  clients.admit(add('idle for a moment', () => clock.elapsed() - 100));
  await clock.advance(700);
  t.same(rested, ['idle']);
});

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
