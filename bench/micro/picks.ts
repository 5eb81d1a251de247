import type { KeySource } from '../../src/data/balance/hash-key.ts';
import { BackendState } from '../../src/data/upstream/backend-state.ts';
import { ServiceState } from '../../src/data/upstream/service-state.ts';
import { systemClock } from '../../src/model/clock.ts';
import { BALANCE_NAMES, makeService, type ServiceSettings } from '../../src/model/service.ts';
import type { Group } from './bench.ts';

const REQUEST: KeySource = {
  path: '/',
  scheme: 'http',
  head: { field: () => 'a=1; theme=dark', all: () => ['a=1; theme=dark'] },
  client: '192.0.2.17',
};

/** Picks of a service with so many backends. */
function picker(count: number, settings: ServiceSettings, maxConnections?: number): () => unknown {
  const policy = makeService('shop', settings, []);
  const service = new ServiceState(policy, systemClock, Math.random);
  const states = Array.from({ length: count }, (_, i) => {
    const name = `b${i}`;
    const address = { host: '10.0.0.1', port: 8_000 + i };
    const origin = { source: 'bench', name };
    const limit = maxConnections === undefined ? {} : { maxConnections };
    return new BackendState({
      id: `shop/${name}`,
      name,
      address,
      weight: 1,
      backup: false,
      origin,
      ...limit,
    });
  });
  service.update(policy, states);
  for (const state of states) state.latency.observe(5, systemClock.elapsed());
  return () => service.pick(REQUEST);
}

/** What the choice of a backend costs, by balancer, and with what else has a say in it. */
export function pickGroup(count: number): Group {
  const ways: Record<string, () => unknown> = {};
  for (const balance of BALANCE_NAMES) ways[balance] = picker(count, { balance });
  ways['round-robin, sticky'] = picker(count, { sticky: { by: 'cookie' } });
  ways['round-robin, max-connections'] = picker(count, {}, 100);
  return { name: `pick of ${count}`, ways };
}
