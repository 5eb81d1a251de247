import t from 'tap';
import { Admission } from '../../../src/data/listener/admission.ts';
import type { Client } from '../../../src/data/listener/client.ts';
import { ClientLimit } from '../../../src/data/listener/client-limit.ts';
import {
  defaultMaxConnections,
  descriptorLimit,
  descriptorsFor,
} from '../../../src/data/listener/descriptors.ts';
import { Sweep } from '../../../src/data/sweep.ts';
import { FakeClock } from '../../support/clock.ts';
import { listenerOn } from '../../support/listener.ts';

/** The clients of a process with so many places, and the limit that is the default for each. */
function makeClients(places: number) {
  const clock = new FakeClock();
  const limits = { maxConnections: places, maxConnectionsPerClient: 'auto' } as const;
  const clients = new Admission(places, new ClientLimit(limits, () => false), new Sweep(clock));
  /** What happened to connections, by their peers. */
  const happened: Record<string, string[]> = { rest: [], destroy: [], reset: [], refuse: [] };
  const add = (peer: string, idleSince: () => number = () => Number.POSITIVE_INFINITY, name = 'http') => {
    const note = (what: string) => () => happened[what]?.push(peer);
    const client: Client = {
      peer,
      listener: listenerOn(80, { name }),
      get idleSince() {
        return idleSince();
      },
      rest: note('rest'),
      destroy: note('destroy'),
      reset: note('reset'),
      refuse: note('refuse'),
      isUpgraded: false,
      prolong: note('prolong'),
      stop: note('stop'),
      cut: note('cut'),
    };
    clients.add(client);
    return client;
  };
  return { clock, clients, add, happened };
}

t.test('of connections that have asked, those rest that are idle for a while', async (t) => {
  const { clock, clients, add, happened } = makeClients(0);
  clients.admit(add('10.0.0.1', () => 0));
  clients.admit(add('10.0.0.2'));
  clients.admit(add('10.0.0.3', () => clock.elapsed() - 100));
  await clock.advance(700);
  t.same(happened['rest'], ['10.0.0.1']);
});

t.test('a client with as many slow connections as there are places leaves the others theirs', async (t) => {
  const { clients, add, happened } = makeClients(400);
  for (let i = 0; i < 4_000; i++) add('9.9.9.9');
  t.equal(clients.size, 50, 'an eighth');
  for (let i = 0; i < 350; i++) add(`8.8.${i % 10}.${i >> 4}`);
  t.equal(clients.size, 400, 'all others have a place');
  t.same(new Set([...(happened['refuse'] ?? []), ...(happened['reset'] ?? [])]), new Set(['9.9.9.9']));
  t.ok((happened['refuse']?.length ?? 0) <= 16, 'and few of its own are held to be told why');
});

t.test('a client with its share gives its own idle connections for its new ones', async (t) => {
  const { clock, clients, add, happened } = makeClients(400);
  for (let i = 0; i < 50; i++) clients.admit(add('9.9.9.9', () => i));
  const other = add('8.8.8.8', () => 0);
  add('9.9.9.9');
  t.same(
    happened,
    { rest: [], destroy: [], reset: [], refuse: ['9.9.9.9'] },
    'not those that asked just now',
  );
  await clock.advance(6_000);
  add('9.9.9.9');
  t.same(happened['destroy'], Array(4).fill('9.9.9.9'), 'some at once');
  t.equal(clients.size, 48);
  clients.delete(other);
});

t.test('what a client gave back is free again, however often', async (t) => {
  const { clients, add } = makeClients(400);
  for (let round = 0; round < 3; round++) {
    const all = Array.from({ length: 60 }, () => add('2600::1:2:3:4'));
    t.equal(clients.size, 50);
    for (const one of all) clients.delete(one);
    t.ok(clients.isEmpty);
  }
});

t.test('a place that becomes free goes to who has waited for longest', async (t) => {
  const { clients, add, happened } = makeClients(2);
  const first = add('10.0.0.1');
  add('10.0.0.2');
  const next = add('10.0.0.3');
  add('10.0.0.4');
  t.equal(clients.size, 2);
  clients.delete(first);
  t.equal(clients.size, 2, 'it is taken at once');
  t.ok(clients.admit(next), 'and is served');
  t.same(happened['refuse'], []);
});

t.test('who waits in vain is told why, and who asks while all are busy', async (t) => {
  const { clock, clients, add, happened } = makeClients(1);
  clients.admit(add('10.0.0.1'));
  const asking = add('10.0.0.2');
  add('10.0.0.3', () => 0);
  t.equal(clients.admit(asking), false);
  t.same(happened['refuse'], ['10.0.0.2']);
  await clock.advance(2_200);
  t.same(happened['refuse'], ['10.0.0.2', '10.0.0.3']);
});

t.test('the last one that is gone ends the wait for it, once they have been asked to go', async (t) => {
  const { clients, add, happened } = makeClients(1);
  happened['stop'] = [];
  const all = [add('10.0.0.1'), add('10.0.0.2')];
  let isEmpty = false;
  clients.stop();
  clients.whenEmpty(() => {
    isEmpty = true;
  });
  t.same(happened['stop'], ['10.0.0.1', '10.0.0.2']);
  all.push(add('10.0.0.3'));
  t.same(happened['stop'], ['10.0.0.1', '10.0.0.2', '10.0.0.3'], 'as is one that was on its way');
  for (const one of all) {
    t.equal(isEmpty, false);
    clients.delete(one);
  }
  t.equal(isEmpty, true);
});

t.test('only who is idle has its time changed with the option', async (t) => {
  const { clients, add, happened } = makeClients(0);
  happened['prolong'] = [];
  add('10.0.0.1', () => 0);
  add('10.0.0.2');
  clients.adopt(0, new ClientLimit({ maxConnections: 0, maxConnectionsPerClient: 0 }, () => false), 500);
  t.same(happened['prolong'], ['10.0.0.1']);
});

t.test('clients are counted by where they connected', async (t) => {
  const { clients, add } = makeClients(2);
  const busy = () => Number.POSITIVE_INFINITY;
  const first = add('10.0.0.1');
  add('10.0.0.2', busy, 'http-2');
  add('10.0.0.3', busy, 'http-2');
  t.match(clients.stats(), {
    clientConnections: 2,
    clientConnectionsTotal: 3,
    listeners: {
      http: { connections: 1, connectionsTotal: 1 },
      'http-2': { connections: 1, connectionsTotal: 2 },
    },
  });
  clients.delete(first);
  t.match(clients.stats().listeners, { http: { connections: 0 }, 'http-2': { connections: 2 } });
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
