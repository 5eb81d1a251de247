import type { ContainerInfo } from 'dockerode';
import t from 'tap';
import { settle } from '../../../support/clock.ts';
import { followEngine } from '../../../support/docker-source.ts';
import { containerId, makeEntry } from '../../../support/fake-engine.ts';

t.test('all containers are listed at first', async (t) => {
  const { engine, source, latest, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' }), makeEntry({ id: 'b' })];
  });
  t.equal(source.name, 'docker');
  t.same(engine.questions, ['all']);
  t.same(serving(), ['shop-a', 'shop-b']);
  t.same(latest().status, { name: 'docker', target: 'unix:///run/docker.sock', connected: true });
});

t.test('a long list is read and told in portions, whole, and again when it is listed again', async (t) => {
  const entries = Array.from({ length: 1_450 }, (_, i) => makeEntry({ id: `${i}x` }));
  const { engine, clock, contributions, serving } = await followEngine(t, (engine) => {
    engine.entries = entries;
  });
  const whole = async () => {
    for (let i = 0; i < 20; i++) await settle();
  };
  await whole();
  t.equal(serving().length, 1_450);
  const sizes = contributions.map(({ claims }) => claims.length);
  t.ok(
    sizes.every((size, i) => size - (sizes[i - 1] ?? 0) <= 1_000),
    `${sizes}`,
  );
  const before = contributions.at(-1)?.claims;
  engine.entries = entries.slice(1);
  await clock.advance(10_000);
  await whole();
  t.equal(serving().length, 1_449);
  const after = new Set(contributions.at(-1)?.claims);
  t.equal(before?.filter((claim) => after.has(claim)).length, 1_449, 'what stays is the very same');
});

t.test('while the many that came are told in portions, those that left stay', async (t) => {
  const { engine, clock, contributions, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'old' })];
  });
  engine.entries = Array.from({ length: 1_200 }, (_, i) => makeEntry({ id: `${i}x` }));
  contributions.length = 0;
  await clock.advance(10_000);
  for (let i = 0; i < 20; i++) await settle();
  const partial = contributions.filter(({ isPartial }) => isPartial);
  t.ok(partial.length > 0);
  for (const { claims } of partial) t.ok(claims.some(({ serves }) => serves?.name === 'shop-old'));
  t.equal(serving().length, 1_200);
  t.notOk(serving().includes('shop-old'));
});

t.test(
  'a container of many hosts is told by itself, and by a source that is not whole until all are',
  async (t) => {
    const hosts = (of: number) => Array.from({ length: 300 }, (_, i) => `h${i}-${of}.org`).join();
    const { contributions } = await followEngine(t, (engine) => {
      engine.entries = [1, 2, 3].map((of) =>
        makeEntry({ id: `${of}a`, labels: { 'fairlead.host': hosts(of) } }),
      );
    });
    await settle();
    t.same(
      contributions.map(({ claims, isPartial = false }) => [claims.length, isPartial]),
      [
        [0, true],
        [1, true],
        [2, true],
        [3, false],
      ],
    );
  },
);

t.test('the first event of a burst is acted on at once, the rest in one question', async (t) => {
  const { engine, clock, serving } = await followEngine(t);
  engine.entries = [makeEntry({ id: 'a' }), makeEntry({ id: 'b' }), makeEntry({ id: 'c' })];
  engine.emit('a', 'start');
  await settle();
  t.same(serving(), ['shop-a'], 'no time has passed');
  engine.emit('b', 'start');
  engine.emit('c', 'start');
  engine.emit('b', 'health_status');
  await clock.advance(100);
  t.same(engine.questions, ['all', [containerId('a')], [containerId('b'), containerId('c')]]);
  t.same(serving(), ['shop-a', 'shop-b', 'shop-c']);
});

t.test('only what an event touched is asked for', async (t) => {
  const { engine, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' }), makeEntry({ id: 'b' })];
  });
  engine.entries = [];
  engine.emit('b', 'destroy');
  await settle();
  t.same(engine.questions.at(-1), [containerId('b')]);
  t.same(serving(), ['shop-a'], 'the other one is not looked at');
});

t.test('a container that is removed leaves its route behind', async (t) => {
  const { engine, latest } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  engine.entries = [];
  engine.emit('a', 'destroy');
  await settle();
  t.match(latest().claims, [{ isGone: true, routes: [{ host: 'shop.localhost' }], serves: undefined }]);
});

t.test('an event during a full list is not undone by it', async (t) => {
  const { engine, clock, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  await clock.advance(9_000);
  engine.holdAnswers();
  await clock.advance(1_000);
  t.equal(engine.questions.at(-1), 'all', 'the list is asked for, and its answer is on the way');
  engine.entries = [makeEntry({ id: 'b' })];
  engine.emit('b', 'start');
  await settle();
  engine.releaseAnswers();
  await clock.advance(200);
  t.ok(serving().includes('shop-b'));
});

t.test('the periodic list repairs what no event told', async (t) => {
  const { engine, clock, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  engine.entries = [makeEntry({ id: 'b' })];
  await clock.advance(9_999);
  t.same(serving(), ['shop-a']);
  await clock.advance(1);
  t.same(serving(), ['shop-b']);
  engine.entries = [];
  await clock.advance(10_000);
  t.same(serving(), [], 'again and again');
});

t.test(
  'the periodic list tells what changed of a container, and keeps the report of one that did not',
  async (t) => {
    const { clock, engine, source, serving } = await followEngine(t, (engine) => {
      engine.entries = [makeEntry({ id: 'a' }), makeEntry({ id: 'b' })];
    });
    const [before] = source.explain('shop-a').reports;
    t.ok(before);
    engine.entries = [makeEntry({ id: 'a' }), makeEntry({ id: 'b', state: 'exited' })];
    await clock.advance(10_000);
    t.same(serving(), ['shop-a']);
    t.equal(source.explain('shop-a').reports[0], before);
  },
);

t.test('events before a full list are not asked for again after it', async (t) => {
  const { clock, engine } = await followEngine(t);
  engine.emit('a', 'start');
  await clock.advance(10_500);
  const once = [containerId('a')];
  t.same(engine.questions, ['all', once, once, 'all'], 'but once more when the list has caught up');
});

t.test('a socket that forbids to list networks is enough', async (t) => {
  const { latest, serving } = await followEngine(t, (engine) => {
    engine.drivers = undefined;
    engine.entries = [makeEntry({ id: 'a' })];
  });
  t.equal(latest().status.connected, true);
  t.same(serving(), ['shop-a']);
});

t.test('networks that the host does not reach are known by their drivers', async (t) => {
  const { engine, clock, latest, serving } = await followEngine(t, (engine) => {
    engine.drivers = new Map([['net-bridge', 'macvlan']]);
    engine.entries = [makeEntry({ id: 'a' })];
  });
  t.same(serving(), []);
  t.match(latest().problems, [{ subject: 'shop-a', where: 'fairlead.network' }]);
  engine.drivers = new Map([['net-bridge', 'bridge']]);
  await clock.advance(10_000);
  t.same(serving(), ['shop-a'], 'and looked at anew with each list');
});

t.test('one malformed entry does not cost the others', async (t) => {
  const odd = [null, {}, { Id: 7 }, { Id: containerId('d'), Names: 'x' }, { Id: containerId('e'), Ports: 5 }];
  const { latest, serving, engine } = await followEngine(t, (engine) => {
    engine.entries = [...(odd as unknown as ContainerInfo[]), makeEntry({ id: 'a' })];
  });
  t.equal(latest().status.connected, true);
  t.same(serving(), ['shop-a']);
  t.match(latest().problems, [{ severity: 'error', message: 'of its list of containers 3 cannot be read' }]);
  engine.entries = [makeEntry({ id: 'b' }), { Id: containerId('e'), Ports: 5 } as unknown as ContainerInfo];
  engine.emit('b', 'start');
  await settle();
  t.same(serving(), ['shop-a', 'shop-b']);
});

t.test('a question that fails costs nothing that is known', async (t) => {
  const { engine, clock, latest, serving } = await followEngine(t, (engine) => {
    engine.entries = [makeEntry({ id: 'a' })];
  });
  engine.failure = new Error('busy');
  engine.emit('a', 'start');
  await settle();
  t.same(serving(), ['shop-a']);
  engine.failure = undefined;
  engine.emit('b', 'start');
  engine.entries = [makeEntry({ id: 'a' }), makeEntry({ id: 'b' })];
  await clock.advance(100);
  t.same(serving(), ['shop-a', 'shop-b']);
  t.equal(latest().status.connected, true);
});

t.test('Fairlead’s own container is known by its id and decides what is reached', async (t) => {
  const { engine, claim, serving, source } = await followEngine(
    t,
    (engine) => {
      engine.entries = [makeEntry({ id: 'f00d', name: 'fairlead' }), makeEntry({ id: 'a' })];
    },
    { ownIds: [containerId('f00d').slice(0, 12)] },
  );
  t.equal(claim('fairlead'), undefined);
  t.match(source.explain('fairlead').reports, [{ ignored: 'it is Fairlead itself' }]);
  t.match(source.explain('shop-a').reports, [{ ignored: undefined }]);
  t.same(serving(), ['shop-a']);
  const left = makeEntry({ id: 'f00d', name: 'fairlead' });
  left.NetworkSettings.Networks = {};
  engine.entries = [left, makeEntry({ id: 'a' })];
  engine.emit('f00d', 'disconnect');
  await settle();
  t.same(serving(), [], 'which is judged anew when it leaves a network');
});

t.test('a flood of events is asked for by one list of all', async (t) => {
  const { engine, clock, serving } = await followEngine(t);
  engine.entries = [makeEntry({ id: 'a' })];
  engine.emit('a', 'start');
  for (let i = 0; i < 600; i++) engine.emit(`${i}f`, 'start');
  await clock.advance(100);
  t.same(engine.questions, ['all', [containerId('a')], 'all']);
  t.same(serving(), ['shop-a'], 'of which the others are not there');
});

t.test('elsewhere the published ports are taken', async (t) => {
  const entry = makeEntry({ id: 'a' });
  entry.Ports = [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 32768, Type: 'tcp' }];
  const { claim } = await followEngine(
    t,
    (engine) => {
      engine.entries = [entry];
    },
    { elsewhere: { kind: 'published', host: 'docker.example.org' } },
  );
  t.same(claim('shop-a')?.serves?.address, { host: 'docker.example.org', port: 32768 });
});

t.test('containers with labels of other proxies are one notice for each proxy, while they run', async (t) => {
  const traefik = { 'traefik.http.routers.x.rule': 'Host(`x.org`)' };
  const { engine, clock, latest } = await followEngine(t, (engine) => {
    const names = ['wiki', 'blog', 'shop', 'mail', 'chat', 'docs', 'wood'];
    engine.entries = names.map((name, i) => makeEntry({ id: `a${i}`, name, labels: traefik }));
    engine.entries.push(makeEntry({ id: 'b', name: 'old', labels: traefik, state: 'exited' }));
    engine.entries.push(makeEntry({ id: 'c', name: 'cms', labels: { caddy: 'cms.org' } }));
  });
  t.strictSame(latest().problems, [
    {
      severity: 'notice',
      source: 'docker',
      subject: 'docker',
      where: 'Traefik',
      message:
        '7 containers have labels of Traefik and none of Fairlead: blog, chat, docs, mail, shop and 2 more',
      hint: 'see docs/recipes/moving.md',
    },
    {
      severity: 'notice',
      source: 'docker',
      subject: 'docker',
      where: 'Caddy',
      message: '1 container has labels of Caddy and none of Fairlead: cms',
      hint: 'see docs/recipes/moving.md',
    },
  ]);
  engine.entries = [];
  await clock.advance(15_000);
  t.same(latest().problems, []);
});

t.test("an Engine that is asked by way of one of its containers here is this host's", async (t) => {
  const hostOf = async (host: string, isNear?: () => boolean) => {
    const { claim } = await followEngine(
      t,
      (engine) => {
        engine.entries = [
          makeEntry({ id: 'a', name: 'filter', labels: {}, address: '172.17.0.9' }),
          makeEntry({ id: 'b', name: 'shop', address: '172.17.0.2' }),
        ].map((entry) => {
          const [network] = Object.values(entry.NetworkSettings.Networks);
          if (network !== undefined) network.Gateway = '172.17.0.1';
          return entry;
        });
      },
      { elsewhere: { kind: 'published', host, ...(isNear && { isNear }) } },
    );
    return claim('shop')?.serves?.address.host;
  };
  t.equal(await hostOf('172.17.0.9', () => true), '172.17.0.2', 'by their own addresses');
  t.equal(await hostOf('172.17.0.9', () => false), undefined, 'a bridge of another machine');
  t.equal(await hostOf('172.17.0.9'), undefined, 'a machine without bridges');
  t.equal(await hostOf('10.0.0.7', () => true), undefined, 'another machine');
});
