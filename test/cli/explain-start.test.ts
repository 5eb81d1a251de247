import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import t from 'tap';
import { explainStart } from '../../src/cli/explain-start.ts';
import { portHolder } from '../../src/cli/listening.ts';
import { ListenError } from '../../src/model/address.ts';

const failed = (code: string, host = '::', port = 80, name = 'http') =>
  explainStart(new ListenError({ name, address: { host, port } }, { code }));

t.test('a port that is taken: who has it is named with its pid', async (t) => {
  if (process.platform !== 'linux') return void t.pass('only Linux tells');
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, host, resolve);
    }).catch(() => undefined);
    if (!server.listening) continue;
    const { port } = server.address() as AddressInfo;
    const holder = portHolder(port);
    t.match(holder, new RegExp(`^\\S+ \\(pid ${process.pid}\\)$`));
    t.strictSame(failed('EADDRINUSE', host, port, 'admin'), [
      `error: cannot listen on ${host === '::1' ? '[::1]' : host}:${port} (admin): another process listens there: ${holder} (--admin ADDRESS takes another)`,
    ]);
    await new Promise((resolve) => server.close(resolve));
    t.equal(portHolder(port), undefined);
    t.match(failed('EADDRINUSE', host, port)[0], `ss -ltnp 'sport = :${port}' (as root) names it`);
  }
});

t.test('a port that takes more rights: every cure is named', async (t) => {
  const text = failed('EACCES').join('\n');
  t.match(text, 'cannot listen on [::]:80 (http): ports below 1024 need more rights');
  for (const cure of [
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'sysctl -w net.ipv4.ip_unprivileged_port_start=80',
    `setcap cap_net_bind_service=+ep ${process.execPath}`,
    '--http :8080',
  ])
    t.match(text, cure);
});

t.test(
  'of several addresses the one is named that cannot be listened on, and the option that it stands in',
  async (t) => {
    const text = failed('EACCES', '127.0.0.1', 81, 'http-2').join('\n');
    t.match(text, 'cannot listen on 127.0.0.1:81 (http-2): ports below 1024 need more rights');
    t.match(text, 'take a port from 1024 on: --http :8080');
  },
);

t.test('an address that this machine has not is one sentence with the cause', async (t) => {
  for (const [code, host, why] of [
    ['EADDRNOTAVAIL', '10.9.9.9', 'this machine has no such address'],
    ['ENOTFOUND', 'no.such.name', 'the name no.such.name is not known here'],
    ['EAI_AGAIN', 'no.such.name', 'the name no.such.name is not known here'],
    ['EAFNOSUPPORT', '::1', 'this machine has no IPv6'],
    ['EINVAL', 'fe80::1', 'a link-local address needs its interface: [fe80::1%eth0]'],
    ['EWHATEVER', '10.0.0.1', 'EWHATEVER'],
  ] as const) {
    const lines = failed(code, host);
    t.equal(lines.length, 1);
    t.ok(lines[0]?.endsWith(`(http): ${why}`), code);
  }
  t.strictSame(explainStart(new Error('no certificate')), ['error: no certificate']);
});
