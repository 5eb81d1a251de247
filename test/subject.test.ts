import t from 'tap';
import type { ContainerReport } from '../src/control/discovery/docker/claims.ts';
import { explainSubject } from '../src/subject.ts';
import { ADMIN_SNAPSHOT } from './support/admin.ts';

/** Of containers of these names. */
function reports(...names: string[]): ContainerReport[] {
  return names.map(
    (name): ContainerReport =>
      ({
        container: { name, id: `${name.slice(-1)}1234`, image: 'x', state: 'running', labels: {} },
        ignored: 'it has no fairlead label',
        services: [],
        problems: [],
      }) as unknown as ContainerReport,
  );
}

function ask(subject: string, snapshot = ADMIN_SNAPSHOT, unheard: string[] = []) {
  const found = explainSubject(subject, reports('web-a', 'my-nginx'), snapshot, undefined, unheard);
  return 'error' in found ? found.error : [found.isRouted, found.lines.join('\n')];
}

t.test('a container, by name or id, is routed if a route leads to it', async (t) => {
  t.match(ask('web-a'), [true, /^container web-a /]);
  t.match(ask('a12'), [true, /^container web-a /]);
  t.match(ask('my-nginx'), [false, /ignored: it has no fairlead label/]);
});

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
