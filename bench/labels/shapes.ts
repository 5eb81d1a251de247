/** Labels of so many containers that came at the same time. */
export interface Shape {
  readonly name: string;
  readonly containers: number;
  readonly labels: (container: number) => Record<string, string>;
}

function many<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** What somebody who means ill would write. The names are claims about none of them: see docs/trust.md. */
export const SHAPES: readonly Shape[] = [
  {
    name: 'an ordinary label',
    containers: 1,
    labels: () => ({ 'fairlead.host': 'shop.example.org' }),
  },
  {
    name: '60 KB that are no host',
    containers: 1,
    labels: () => ({ 'fairlead.host': `${'1:'.repeat(30_000)}x` }),
  },
  {
    name: '1 MB of an unknown key',
    containers: 1,
    labels: () => ({ [`fairlead.${'x'.repeat(1_000_000)}`]: '1' }),
  },
  {
    name: '10 MB of a value',
    containers: 1,
    labels: () => ({ 'fairlead.host': 'x'.repeat(10_000_000) }),
  },
  {
    name: '1,000 typos',
    containers: 1,
    labels: () => Object.fromEntries(many(1_000, (i) => [`fairlead.hots${i}`, 'x'])),
  },
  {
    name: '500 hosts, as many as may be',
    containers: 1,
    labels: () => ({ 'fairlead.host': many(500, (i) => `h${i}.example.org`).join() }),
  },
  {
    name: '100,000 hosts',
    containers: 1,
    labels: () => ({ 'fairlead.host': many(100_000, (i) => `h${i}.example.org`).join() }),
  },
  {
    name: '10,000 services',
    containers: 1,
    labels: () => Object.fromEntries(many(10_000, (i) => [`fairlead.services.s${i}.host`, `h${i}.org`])),
  },
  {
    name: '20 containers with 500 hosts each',
    containers: 20,
    labels: (container) => ({ 'fairlead.host': many(500, (i) => `h${i}-${container}.org`).join() }),
  },
  {
    name: '20 containers with the same 500 hosts',
    containers: 20,
    labels: () => ({ 'fairlead.host': many(500, (i) => `h${i}.org`).join() }),
  },
  {
    name: '200 containers with the same 500 hosts',
    containers: 200,
    labels: () => ({ 'fairlead.host': many(500, (i) => `h${i}.org`).join() }),
  },
  {
    name: '200 containers with 100 routes of high priority each',
    containers: 200,
    labels: (container) =>
      Object.fromEntries(
        many(100, (i) => [
          [`fairlead.services.s${i}.host`, '*'],
          [`fairlead.services.s${i}.path`, `/${container}/${i}`],
          [`fairlead.services.s${i}.priority`, String(1 + container * 100 + i)],
        ]).flat(),
      ),
  },
  {
    name: '200 containers with 60 KB that are no host',
    containers: 200,
    labels: () => ({ 'fairlead.host': ','.repeat(60_000) }),
  },
];
