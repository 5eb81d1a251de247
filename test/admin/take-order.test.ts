import t from 'tap';
import type { BackendOrder } from '../../src/model/admin.ts';
import { startTestAdmin } from '../support/admin.ts';
import { ask } from '../support/client.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (port: number, body: string, headers: Record<string, string> = JSON_TYPE) =>
  ask(port, { host: `127.0.0.1:${port}`, path: '/api/backends', method: 'POST', body, headers });

t.test('an order is taken and answered with the backends that it is for', async (t) => {
  const taken: [string, BackendOrder][] = [];
  const { port } = await startTestAdmin(t, {
    order: (subject, order) => {
      taken.push([subject, order]);
      return [{ id: 'shop/a', name: 'a', service: 'shop' }];
    },
  });
  const orders = [{ state: 'drain' }, { weight: 0 }, { weight: 'default' }, { state: 'ready', weight: 256 }];
  for (const order of orders) {
    const answer = await post(port, JSON.stringify({ backend: 'a', ...order }));
    t.equal(answer.status, 200);
    t.match(answer.headers['content-type'], 'application/json');
    t.same(JSON.parse(answer.body), { backends: [{ id: 'shop/a', name: 'a', service: 'shop' }] });
  }
  t.same(
    taken,
    orders.map((order) => ['a', order]),
  );
});

t.test('what is no order is refused, and changes nothing', async (t) => {
  const { port } = await startTestAdmin(t, { order: () => t.fail('nothing was ordered') as never });
  const cases: [body: string, error: RegExp][] = [
    ['', /no JSON/],
    ['{', /no JSON/],
    ['[]', /an object/],
    ['null', /an object/],
    ['{"state":"drain"}', /backend wants/],
    ['{"backend":7,"state":"drain"}', /backend wants/],
    ['{"backend":"a"}', /a state or a weight/],
    ['{"backend":"a","state":"down"}', /state wants one of ready, drain, maintenance/],
    ['{"backend":"a","weight":257}', /weight wants/],
    ['{"backend":"a","weight":1.5}', /weight wants/],
    ['{"backend":"a","weight":"3"}', /weight wants/],
    ['{"backend":"a","wieght":3}', /wieght is not a field/],
  ];
  for (const [body, error] of cases) {
    const answer = await post(port, body);
    t.equal(answer.status, 400, body);
    t.match(JSON.parse(answer.body).error, error);
  }
  t.equal((await post(port, `{"backend":"${'a'.repeat(5_000)}"}`)).status, 413);
});

t.test('an order for nobody is 404', async (t) => {
  const { port } = await startTestAdmin(t);
  const answer = await post(port, '{"backend":"nobody","state":"drain"}');
  t.equal(answer.status, 404);
  t.match(JSON.parse(answer.body).error, 'there is no backend nobody');
});

t.test('a GET, a form and a page of another site cannot order anything', async (t) => {
  const { port } = await startTestAdmin(t, { order: () => t.fail('nothing was ordered') as never });
  const path = '/api/backends?backend=a&state=drain';
  const got = await ask(port, { host: 'localhost', path });
  t.match(got, { status: 405, headers: { allow: 'POST' } });
  const body = '{"backend":"a","state":"drain"}';
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', ''])
    t.equal((await post(port, body, type ? { 'content-type': type } : {})).status, 415, type);
  for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
    t.equal((await post(port, body, { ...JSON_TYPE, ...headers } as Record<string, string>)).status, 403);
});

t.test('with a token an order needs it', async (t) => {
  const token = 'a-token-of-16-or-more';
  const { port } = await startTestAdmin(t, {}, token);
  const body = '{"backend":"a","state":"drain"}';
  t.equal((await post(port, body)).status, 401);
  t.equal((await post(port, body, { ...JSON_TYPE, authorization: `Bearer ${token}` })).status, 200);
});
