import t from 'tap';
import { probeWithin, sourceWithin } from '../../src/control/within-border.ts';
import type { Border } from '../../src/model/border.ts';
import type { Claim, Contribution } from '../../src/model/contribution.ts';
import { type IpRange, parseIpRange } from '../../src/model/ip.ts';
import { type Fallback, makeService } from '../../src/model/service.ts';
import { makeClaim, makeContribution } from '../support/claims.ts';

const BORDER: Border = {
  listeners: [
    { host: '::', port: 80 },
    { host: '127.0.0.1', port: 9900 },
  ],
  allowed: [parseIpRange('10.1.0.0/16') as IpRange],
  local: () => ['192.168.0.7', 'fd00::7'],
};

/** What becomes of what a source says. */
function judged(...claims: Claim[]): Contribution {
  let seen: Contribution | undefined;
  const source = {
    name: 'docker',
    watch: (publish: (said: Contribution) => void) => publish(makeContribution(claims)),
  };
  sourceWithin(BORDER, source).watch((contribution) => {
    seen = contribution;
  }, new AbortController().signal);
  return seen as Contribution;
}

const at = (host: string, port: number) => {
  const claim = makeClaim('web', { port });
  return { ...claim, serves: claim.serves && { ...claim.serves, address: { host, port } } } as Claim;
};

const url = (text: string, mayBePrivate?: true): Fallback => ({
  kind: 'url',
  url: text,
  ...(mayBePrivate && { mayBePrivate }),
});

t.test('a container on an address where Fairlead listens does not serve, and says why', async (t) => {
  for (const [host, port] of [
    ['127.0.0.1', 80],
    ['127.0.0.1', 9900],
    ['192.168.0.7', 9900],
    ['fd00::7', 80],
    ['::ffff:127.0.0.1', 9900],
    ['localhost', 80],
  ] as const) {
    const { claims, problems } = judged(at(host, port));
    t.equal(claims[0]?.serves, undefined, `${host} ${port}`);
    t.match(claims[0]?.routes, [{ host: 'shop.org' }], 'its host stays known');
    t.match(problems, [
      { severity: 'error', subject: 'web', where: 'port', message: /where Fairlead itself listens/ },
    ]);
  }
  for (const [host, port] of [
    ['127.0.0.1', 8080],
    ['192.168.0.8', 9900],
    ['172.17.0.2', 80],
  ] as const)
    t.same(judged(at(host, port)).problems, [], `${host} ${port}`);
});

t.test(
  'a fallback to an address that is not for labels is a problem, and the rest of them stays',
  async (t) => {
    const forbidden = [
      'http://127.0.0.1:9900/',
      'http://localhost/',
      'http://x.localhost:1/',
      'http://10.2.0.1/',
    ];
    const metadata = ['http://169.254.169.254/', 'http://[fd00:ec2::254]/', 'http://[::ffff:a9fe:a9fe]/'];
    for (const text of [...forbidden, ...metadata]) {
      const status: Fallback = { kind: 'status', status: 418 };
      const { claims, problems } = judged(makeClaim('web', { settings: { fallback: [url(text), status] } }));
      t.strictSame(claims[0]?.settings.fallback, [status], text);
      t.ok(claims[0]?.serves, 'the container serves');
      t.match(problems, [{ severity: 'error', subject: 'web', where: 'fallback' }], text);
      t.strictSame(
        judged(makeClaim('web', { settings: { fallback: [url(text)] } })).claims[0]?.settings,
        {},
        text,
      );
    }
    for (const text of ['http://1.1.1.1/', 'https://example.org/', 'http://10.1.2.3:80/']) {
      const claim = makeClaim('web', { settings: { fallback: [url(text)] } });
      t.equal(judged(claim).claims[0], claim, `${text}: the very same value`);
    }
  },
);

t.test('what the file of the operator says may be private, but not Fairlead itself', async (t) => {
  const fallback = [url('http://10.2.0.1/', true), url('http://127.0.0.1:9900/', true)];
  const { claims } = judged(makeClaim('web', { settings: { fallback } }));
  t.strictSame(claims[0]?.settings.fallback, [fallback[0]]);
});

t.test('what stays the same claim stays the same value, so that nothing is merged anew', async (t) => {
  const claim = makeClaim('web', { settings: { fallback: [url('http://127.0.0.1/')] } });
  const source = {
    name: 'docker',
    watch(publish: (said: Contribution) => void) {
      publish(makeContribution([claim]));
      publish(makeContribution([claim]));
    },
  };
  const seen: Contribution[] = [];
  sourceWithin(BORDER, source).watch((said) => seen.push(said), new AbortController().signal);
  t.equal(seen[0]?.claims[0], seen[1]?.claims[0]);
});

t.test('when the border changes, what was said before is judged by the new one at once', async (t) => {
  const claim = makeClaim('web', { settings: { fallback: [url('http://10.2.0.1/')] } });
  let { allowed } = BORDER;
  const border = {
    ...BORDER,
    get allowed() {
      return allowed;
    },
  };
  const seen: Contribution[] = [];
  const source = sourceWithin(border, {
    name: 'docker',
    watch: (publish) => publish(makeContribution([claim])),
  });
  source.judgeAgain();
  t.equal(seen.length, 0, 'a source that said nothing yet still does not');
  source.watch((said) => seen.push(said), new AbortController().signal);
  const refused = seen.at(-1)?.problems.length;
  allowed = [parseIpRange('10.2.0.0/16') as IpRange];
  source.judgeAgain();
  t.strictSame([refused, seen.at(-1)?.problems.length], [1, 0]);
  t.equal(seen.at(-1)?.claims[0], claim);
});

t.test('Fairlead is not probed, whichever port a check names', async (t) => {
  const { health } = makeService('web', { health: { port: 9900 } }, []);
  const asked: number[] = [];
  const probe = probeWithin(BORDER, async ({ port }) => {
    asked.push(port);
    return { isPass: true, reason: '' };
  });
  t.match(await probe({ host: '127.0.0.1', port: 8081 }, health), { isPass: false });
  t.strictSame(asked, []);
  await probe({ host: '172.17.0.3', port: 8081 }, health);
  t.strictSame(asked, [8081]);
});
