import t from 'tap';
import { parseServicesFile } from '../../../../src/control/discovery/file/services-file.ts';

function parse(text: string) {
  return parseServicesFile('fairlead.yaml', text, 0);
}

function problems(text: string): string[] {
  const parsed = parse(text);
  const all = [...parsed.problems, ...parsed.services.flatMap((service) => service.problems)];
  return all.map(({ where, message }) => `${where}: ${message}`);
}

t.test('broken YAML is a problem with its line', async (t) => {
  t.match(problems('services:\n  shop:\n    host: "a.org\n'), [/^line \d: Missing closing "quote/]);
  t.match(problems('services: {\n'), [/^line 2: /]);
  t.match(problems('services:\n  a: {}\n  a: {}\n'), [/^line 3: Map keys must be unique/]);
});

t.test('an alias stands for what its anchor marks: a value, a list, a map, a backend', async (t) => {
  const text = `
x-names: &names [a.org, b.org]
x-check: &check { path: /healthz, interval: 1s }
services:
  one: { host: *names, health: *check, backends: [&b http://10.0.0.1] }
  two: { host: [&c c.org, d.org], health.path: &p /live, backends: [*b] }
  three: { host: [*c, e.org], health.path: *p }
`;
  t.same(problems(text), []);
  const [one, two, three] = parse(text).services.map((service) => service.claims[0]);
  t.match(one, {
    routes: [{ host: 'a.org' }, { host: 'b.org' }],
    settings: { health: { path: '/healthz', intervalMs: 1_000 } },
  });
  t.match(two?.serves?.address, { host: '10.0.0.1', port: 80 });
  t.match(three, { routes: [{ host: 'c.org' }, { host: 'e.org' }], settings: { health: { path: '/live' } } });
});

t.test('a merged map gives what the service does not say itself', async (t) => {
  const text = `
x-defaults: &defaults
  balance: random
  drain: 3s
x-more: &more
  drain: 9s
  retry.attempts: 1
services:
  one: { <<: *defaults, host: a.org, drain: 1s }
  two: { host: a.org, drain: 1s, <<: *defaults }
  three: { <<: [*defaults, *more] }
`;
  t.same(problems(text), []);
  const settings = parse(text).services.map((service) => service.claims[0]?.settings);
  t.same(settings, [
    { balance: 'random', drainMs: 1_000 },
    { balance: 'random', drainMs: 1_000 },
    { balance: 'random', drainMs: 3_000, retry: { attempts: 1 } },
  ]);
});

t.test('an alias without an anchor is a problem with its line', async (t) => {
  t.same(problems('services:\n  shop:\n    host: *nobody\n'), ['line 3: there is no anchor &nobody']);
});

t.test('what contains itself is refused, and does not run forever', async (t) => {
  t.match(problems('services:\n  shop: &shop\n    health: *shop\n'), [/is not a known key/]);
  t.same(problems('services:\n  shop: &shop\n    <<: *shop\n    host: a.org\n'), []);
  t.match(problems('services:\n  shop:\n    host: &host [a.org, *host]\n'), [
    /wants a single value or a list/,
  ]);
  t.match(problems('services: &all\n  shop: *all\n'), [/./]);
});

t.test('values are taken as they are written', async (t) => {
  const text = 'services:\n  shop: { host: "1.5.org", path: /1e3, health.rise: 02, health.path: "/a b" }\n';
  t.match(parse(text).services[0]?.claims[0], { routes: [{ host: '1.5.org', path: '/1e3' }] });
  t.match(parse(text).services[0]?.claims[0]?.settings, { health: { rise: 2 } });
  t.match(problems(text), [/^line 2: services.shop.health.path wants a path/], 'quotes are YAML’s');
});
