import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { connectRaw, RawClient } from '../support/client.ts';
import { startMirror } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange } from '../support/responses.ts';

const get = (...lines: string[]) =>
  `${['GET / HTTP/1.1', 'Host: test.localhost', ...lines].join('\r\n')}\r\n\r\n`;

/** A proxy that trusts 127.0.0.0/24, before a backend that answers with what it was sent. */
async function makeScene(t: Test) {
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port] }], { trustedProxies: ['127.0.0.0/24'] });
  const realIp = async (client: RawClient, ...lines: string[]) =>
    /X-Real-IP: (.*)\r/.exec((await exchange(client, get(...lines))).body)?.[1];
  return { proxy, realIp };
}

t.test(
  'each request of a trusted proxy has its own client, in headers and log, which names the proxy too',
  async (t) => {
    const { proxy, realIp } = await makeScene(t);
    const client = await connectRaw(t, proxy.port);
    t.equal(await realIp(client, 'X-Forwarded-For: 6.6.6.6, 203.0.113.9'), '203.0.113.9');
    t.equal(await realIp(client, 'X-Forwarded-For: 203.0.113.8'), '203.0.113.8');
    t.equal(await realIp(client), '127.0.0.1');
    t.equal(await realIp(client, 'X-Real-IP: 203.0.113.7'), '203.0.113.7');
    t.same(
      proxy.entries.map(({ client, peer }) => [client, peer]),
      ['203.0.113.9', '203.0.113.8', '127.0.0.1', '203.0.113.7'].map((address) => [address, '127.0.0.1']),
    );
  },
);

t.test('who is not trusted is the client, whatever it says', async (t) => {
  const { proxy, realIp } = await makeScene(t);
  const socket = connect({ port: proxy.port, host: '127.0.0.1', localAddress: '127.0.1.1' });
  t.teardown(() => socket.destroy());
  t.equal(await realIp(new RawClient(socket), 'X-Forwarded-For: 6.6.6.6', 'X-Real-IP: 6.6.6.6'), '127.0.1.1');
  t.match(proxy.entries, [{ client: '127.0.1.1', peer: '127.0.1.1' }]);
});

t.test('hash: a client cannot choose its backend by what it writes before the truth', async (t) => {
  const backends = await Promise.all(['a', 'b', 'c', 'd'].map((name) => startBackend(t, name)));
  const proxy = await startProxy(
    t,
    [{ settings: { balance: 'hash' }, backends: backends.map(({ port }) => port) }],
    { trustedProxies: ['127.0.0.1/32'] },
  );
  const client = await connectRaw(t, proxy.port);
  const names = new Set<string>();
  for (let i = 0; i < 20; i++) {
    names.add((await exchange(client, get(`X-Forwarded-For: 6.6.6.${i}, 203.0.113.9`))).body);
  }
  t.equal(names.size, 1);
});
