import t from 'tap';
import { startBackend } from '../support/backend.ts';
import { startLoad } from '../support/load.ts';
import { startProxy } from '../support/proxy.ts';

t.test('backends that restart one after the other lose no GET, though nobody tells of it', async (t) => {
  const names = ['a', 'b', 'c'];
  const backends = await Promise.all(names.map((name) => startBackend(t, name)));
  const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port) }]);
  const load = startLoad(`http://127.0.0.1:${proxy.port}`, { host: 'test.localhost', rate: 150 });
  let sent = 60;
  await load.sent(sent);
  for (const { server, port } of backends) {
    // As a server does that is told to stop: what it has it finishes, what waits it closes.
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      setTimeout(() => server.closeIdleConnections(), 50);
    });
    sent += 30;
    await load.sent(sent);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    // Nobody probes it here: its ejection must not meet that of the next one.
    const alive = { kind: 'connection', at: Date.now() } as const;
    proxy.apply({ backends: backends.map((backend) => ({ port: backend.port, proof: alive })) });
    sent += 30;
    await load.sent(sent);
  }
  const { failures, answers } = await load.stop();
  t.same(failures, []);
  t.same([...answers.keys()].sort(), names);
});
