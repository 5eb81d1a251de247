import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { ask, connectRaw, reset } from '../support/client.ts';
import { startManualBackend } from '../support/manual.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';
import { type Scene, STATES } from '../support/states.ts';

/** Where the end of the client's connection has nothing to end, or waits behind bytes that nobody takes yet. */
const UNHEARD = [
  'after an answer',
  'after an answer that ends the connection',
  'after an answer to what is no request',
  'while the backend takes nothing',
];

const WAYS: Readonly<Record<string, (socket: Socket) => unknown>> = {
  reset,
  destroy: (socket) => socket.destroy(),
  end: (socket) => socket.end(),
};

/** After whatever happened: nothing is left of it, and the next request is answered. */
async function checkAfter(
  t: Test,
  proxy: TestProxy,
  { client, backend }: Scene,
  what: string,
): Promise<void> {
  client.socket.destroy();
  for (const connection of backend.connections) connection.socket.destroy();
  await untilQuiet(proxy);
  const answer = await ask(proxy.port, { host: 'sound.localhost' });
  t.equal(answer.body, 'sound', what);
}

for (const [name, reach] of Object.entries(STATES)) {
  t.test(`a client or a backend that breaks off ${name} leaves nothing behind`, async (t) => {
    const sound = await startBackend(t, 'sound');
    for (const side of ['client', 'backend'] as const) {
      for (const [way, end] of Object.entries(WAYS)) {
        const backend = await startManualBackend(t);
        const settings = { retry: { attempts: 0 } };
        const proxy = await startProxy(t, [
          { backends: [backend.port], settings },
          { name: 'sound', backends: [sound.port], routes: [{ host: 'sound.localhost' }] },
        ]);
        const client = await connectRaw(t, proxy.port);
        const scene = { client, backend };
        await reach(scene);
        const broken = side === 'client' ? client : backend.connections[0];
        if (broken !== undefined) end(broken.socket);
        // One that only ends its side may listen yet.
        if (side === 'client' && way === 'reset' && !UNHEARD.includes(name)) {
          for (const other of backend.connections) await other.untilClosed();
        }
        await checkAfter(t, proxy, scene, `${side} ${way}`);
      }
    }
  });
}
