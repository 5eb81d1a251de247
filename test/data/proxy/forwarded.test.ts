import t from 'tap';
import type { Exchange } from '../../../src/data/proxy/exchange.ts';
import { addedFields, ForwardedFields, targetOf } from '../../../src/data/proxy/forwarded.ts';
import { normalizePath } from '../../../src/data/routing/path.ts';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import type { Route } from '../../../src/model/route.ts';
import { makeService } from '../../../src/model/service.ts';
import { FakeClock } from '../../support/clock.ts';
import { makeBackendState, makeExchange } from '../../support/exchange.ts';
import { requestHead } from '../../support/heads.ts';

const backend = makeBackendState('a', { address: { host: '10.0.0.1', port: 81 } });

/** An exchange for that target on a route of that path. */
function routed(target: string, path: string, stripPrefix = true): Exchange {
  const exchange = makeExchange(`GET ${target} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`);
  const route: Route = { host: '*', path, priority: 0, service: 'test', stripPrefix };
  const service = new ServiceState(makeService('test', {}, []), new FakeClock(), Math.random);
  exchange.entry = { route, service, filters: undefined, path: normalizePath(path) ?? path, priority: 0 };
  exchange.path = normalizePath(target) ?? '';
  return exchange;
}

t.test('a prefix is removed on request, and what is left is a path', async (t) => {
  for (const [target, left] of [
    ['/api', '/'],
    ['/api/', '/'],
    ['/api?x=/api', '/?x=/api'],
    ['/api/a/b?c', '/a/b?c'],
    ['/api/a%2fb', '/a%2fb'],
    ['/api/%7Eme//a', '/%7Eme//a'],
    ['/api/a%20b?%20', '/a%20b?%20'],
    ['/%61pi/a', '/a'],
    ['//api//a', '/a'],
    ['/x/../api/a', '/a'],
    ['/api//evil.example', '/evil.example'],
    ['/api?', '/?'],
  ] as const) {
    t.equal(targetOf(routed(target, '/api')), left, target);
  }
  t.equal(targetOf(routed('/%7Eme/a', '/%7Eme')), '/a', 'the route may be written in another way');
});

t.test('without that wish, or without a prefix, the target travels on as it came', async (t) => {
  for (const target of ['/api/a?b', '//api/../api/%61', '/api']) {
    t.equal(targetOf(routed(target, '/api', false)), target);
    t.equal(targetOf(routed(target, '/', true)), target);
  }
});

t.test('the backend is told which prefix was removed', async (t) => {
  t.match(addedFields(routed('/api/a', '/api'), backend), /^X-Forwarded-Prefix: \/api\r$/m);
  t.notMatch(addedFields(routed('/api/a', '/api', false), backend), /prefix/i);
  t.notMatch(addedFields(routed('/api/a', '/'), backend), /prefix/i);
});

t.test('a request without Host gets one, since HTTP/1.1 needs it', async (t) => {
  const hostOf = (text: string) => /^Host: (.*)\r$/m.exec(addedFields(makeExchange(text), backend))?.[1];
  t.equal(hostOf('GET / HTTP/1.0\r\n\r\n'), '10.0.0.1:81');
  t.equal(hostOf('GET http://shop.example:81/ HTTP/1.0\r\n\r\n'), 'shop.example:81');
  t.equal(hostOf('GET / HTTP/1.0\r\nHost: a\r\n\r\n'), undefined);
  const v6 = makeBackendState('b', { address: { host: '::1', port: 81 } });
  t.match(addedFields(makeExchange('GET / HTTP/1.0\r\n\r\n'), v6), 'Host: [::1]:81\r\n');
});

/** The lines that are added for a peer at 192.0.2.1, by lower-case name. */
function forwarded(
  lines: string,
  options: { trusted?: boolean; host?: string; proto?: 'http' | 'https'; client?: string } = {},
) {
  const { trusted = false, host = 'shop.example:8080', proto = 'http', client = '192.0.2.1' } = options;
  const head = requestHead(`GET / HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`, { trusted });
  const text = new ForwardedFields('192.0.2.1', proto, () => false, 'fairlead-0123abcd').of({ head, client });
  return Object.fromEntries(
    text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.toLowerCase().split(': ')),
  );
}

t.test('a backend learns who the client is and what it asked for', async (t) => {
  t.same(forwarded(''), {
    'x-forwarded-for': '192.0.2.1',
    'x-real-ip': '192.0.2.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.example:8080',
    'x-forwarded-port': '8080',
    via: '1.1 fairlead-0123abcd',
  });
  t.equal(forwarded('', { host: 'shop.example' })['x-forwarded-port'], '80');
  t.equal(forwarded('', { host: 'shop.example', proto: 'https' })['x-forwarded-port'], '443');
  t.equal(forwarded('', { host: '[::1]' })['x-forwarded-port'], '80');
  t.equal(forwarded('', { host: '[::1]:81' })['x-forwarded-port'], '81');
});

t.test('what a trusted proxy says stays, its address joins the chain, and the client is named', async (t) => {
  const lines =
    'X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\n';
  t.same(forwarded(lines, { trusted: true, client: '2.2.2.2' }), {
    'x-forwarded-for': '1.1.1.1, 2.2.2.2, 192.0.2.1',
    'x-real-ip': '2.2.2.2',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'a.example',
    'x-forwarded-port': '443',
    via: '1.1 fairlead-0123abcd',
  });
  t.equal(forwarded('X-Real-IP: 9.9.9.9\r\n', { trusted: true, client: '9.9.9.9' })['x-real-ip'], '9.9.9.9');
  t.equal(forwarded('X-Forwarded-Port: 1\r\n', { trusted: true })['x-forwarded-port'], '1');
});

t.test('a connection that asks another host, or is chained once, tells each request its own', async (t) => {
  const fields = new ForwardedFields('192.0.2.1', 'http', () => false, 'fairlead-0123abcd');
  const of = (text: string, trusted: boolean) =>
    fields.of({ head: requestHead(text, { trusted }), client: '192.0.2.1' });
  const ask = (lines: string) => of(`GET / HTTP/1.1\r\n${lines}\r\n`, true);
  const first = ask('Host: a\r\n');
  t.match(first, 'X-Forwarded-Host: a\r\n');
  t.match(ask('Host: b\r\n'), 'X-Forwarded-Host: b\r\n');
  t.match(ask('Host: b\r\nX-Forwarded-For: 1.1.1.1\r\n'), 'X-Forwarded-For: 1.1.1.1, 192.0.2.1\r\n');
  t.equal(ask('Host: a\r\n'), first);
  t.notMatch(of('GET / HTTP/1.0\r\n\r\n', false), /x-forwarded-host/i);
});
