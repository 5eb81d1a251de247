import t from 'tap';
import type { Source } from '../src/control/discovery/source.ts';
import { explainFrom, type WorkloadReport } from '../src/control/discovery/workload.ts';
import { explainSubject } from '../src/subject.ts';
import { ADMIN_SNAPSHOT } from './support/admin.ts';
import { makeClaim } from './support/claims.ts';

type Explaining = Pick<Source, 'explain'>;

/** A container that serves in the service `shop` as `a`, unless it is ignored. */
function makeReport(name: string, id: string, ignored?: string): WorkloadReport {
  const workload = { name, id, image: 'x', labels: {}, createdAt: 0 };
  const claim = makeClaim(name, { service: 'shop', serves: ignored === undefined });
  const serves = claim.serves && { ...claim.serves, key: 'a' };
  return {
    workload: { kind: 'container', state: 'running', isRunning: true, ...workload },
    ...(ignored !== undefined && { ignored }),
    services:
      ignored === undefined ? [{ name: '', claim: { ...claim, ...(serves && { serves }) }, notes: [] }] : [],
    problems: [],
  };
}

function sourceOf(...reports: WorkloadReport[]): Explaining {
  return { explain: (subject) => explainFrom(reports, subject) };
}

const SOURCE = sourceOf(
  makeReport('web-a', 'a1234'),
  makeReport('my-nginx', 'x1234', 'it has no fairlead label'),
);

function ask(subject: string, snapshot = ADMIN_SNAPSHOT, unheard: string[] = [], sources = [SOURCE]) {
  const found = explainSubject(subject, sources, snapshot, undefined, unheard);
  return 'error' in found ? found.error : [found.isRouted, found.lines.join('\n')];
}

t.test('a container, by name or id, is routed if a route leads to it', async (t) => {
  t.match(ask('web-a'), [true, /^container web-a /]);
  t.match(ask('a12'), [true, /^container web-a /]);
  t.match(ask('my-nginx'), [false, /ignored: it has no fairlead label/]);
});

t.test(
  'of several sources those that have one of that name explain it, else those with such an id',
  async (t) => {
    const sources: Explaining[] = [
      sourceOf(makeReport('first', 'web-a')),
      SOURCE,
      {},
      sourceOf(makeReport('web-a', 'b5678', 'of another Engine')),
    ];
    const asked = ask('web-a', ADMIN_SNAPSHOT, [], sources);
    t.match(asked, [true, /^container web-a \(x, a1234\)(?:.*\n)*container web-a \(x, b5678\)/]);
    t.notMatch(asked[1], 'first', 'a name says more than an id');
    t.match(ask('b56', ADMIN_SNAPSHOT, [], sources), [false, /of another Engine/]);
    t.match(ask('frist', ADMIN_SNAPSHOT, [], sources), 'did you mean first?');
  },
);

t.test('a service and a backend are explained wherever they come from', async (t) => {
  t.match(ask('shop'), [
    true,
    /service shop: .*\n {2}routes: shop\.localhost\n {2}backend a 10\.0\.0\.1:80, of web-a/,
  ]);
  const [routed, text] = ask('10.0.0.1:81');
  t.equal(routed, true);
  t.match(text, 'backend b 10.0.0.1:81 backup, of web-b');
  t.notMatch(text, 'backend a', 'and not those beside it');
  const routeless = { ...ADMIN_SNAPSHOT, routes: [] };
  t.match(ask('shop', routeless), [false, /routes: none/]);
});

t.test('a URL is routed if a route fits at which something serves', async (t) => {
  t.match(ask('http://shop.localhost/x'), [true, /→ service shop/]);
  t.match(ask('http://other.localhost/'), [false, /404/]);
  const ghost = {
    ...ADMIN_SNAPSHOT,
    routes: ADMIN_SNAPSHOT.routes.map((one) => ({ ...one, ghost: 'new' as const })),
  };
  t.match(ask('shop.localhost', ghost), [false, /→ service shop/]);
});

t.test('what is not there is answered with what may have been meant', async (t) => {
  t.equal(ask('nu-ngin'), 'there is no container or service nu-ngin; did you mean my-nginx?');
  t.equal(ask('shpo'), 'there is no container or service shpo; did you mean shop?');
  t.match(ask('quux'), 'there is no container or service quux; a URL looks like');
  t.match(ask('z'.repeat(1_000_000)), /^there is no container or service z{100}… \(1,000,000 characters\)/);
});

t.test('while a source is not heard nobody says that there is none', async (t) => {
  const error = 'no permission for unix:///run/docker.sock';
  const sources = [{ name: 'docker', target: 'x', connected: false, error }];
  const lost = { ...ADMIN_SNAPSHOT, sources };
  t.equal(ask('quux', lost), `cannot say whether there is a container quux: docker: ${error}`);
  t.match(ask('http://other.localhost/', lost), [false, /^docker: no permission .*\nhttp:/]);
  t.match(
    ask('quux', ADMIN_SNAPSHOT, ['file']),
    'cannot say whether there is a container quux: file: it has not answered yet',
  );
});
