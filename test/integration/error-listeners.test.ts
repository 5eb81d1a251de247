import { channel } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { deadPort } from '../support/backend.ts';
import { connectRaw, reset } from '../support/client.ts';
import { settle } from '../support/clock.ts';
import { startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';
import { exchange } from '../support/responses.ts';
import { STATES } from '../support/states.ts';
import { connectTls, startTlsProxy } from '../support/tls.ts';

/**
 * Watches every socket of this process: one that is open and whose error nobody would hear ends the process when
 * it is reset. Looks as soon as a socket is there, when it changes protocols, and in every turn after it.
 */
function watchSockets(t: Test) {
  const open = new Set<Socket>();
  const deaf = new Set<string>();
  const seen = { accepted: 0, connected: 0, upgraded: 0 };
  const look = (socket: Socket, when: string) => {
    if (!socket.destroyed && socket.listenerCount('error') === 0) deaf.add(when);
  };
  const onAccepted = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    seen.accepted++;
    open.add(socket);
    look(socket, 'accepted');
  };
  const onConnecting = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    seen.connected++;
    open.add(socket);
    // A connect fails in the next tick at the earliest.
    process.nextTick(look, socket, 'connecting');
  };
  channel('net.server.socket').subscribe(onAccepted);
  channel('net.client.socket').subscribe(onConnecting);
  const { emit } = ClientRequest.prototype;
  ClientRequest.prototype.emit = function (event: string, ...rest: unknown[]) {
    const isHandled = Reflect.apply(emit, this, [event, ...rest]);
    if (event === 'upgrade') {
      seen.upgraded++;
      look(rest[1] as Socket, 'upgraded');
    }
    return isHandled;
  };
  let turn: NodeJS.Immediate;
  const everyTurn = () => {
    for (const socket of open) {
      if (socket.destroyed) open.delete(socket);
      else look(socket, 'open');
    }
    turn = setImmediate(everyTurn);
  };
  everyTurn();
  t.teardown(() => {
    clearImmediate(turn);
    channel('net.server.socket').unsubscribe(onAccepted);
    channel('net.client.socket').unsubscribe(onConnecting);
    ClientRequest.prototype.emit = emit;
  });
  return { deaf, seen };
}

const ROUNDS = { plain: 15, TLS: 3 };

/** A proxy before that backend, and a client of it that can reset its connection. */
async function startScene(t: Test, kind: keyof typeof ROUNDS, port: number) {
  const services = [{ backends: [port], settings: { retry: { attempts: 0 } } }];
  if (kind === 'TLS') {
    const proxy = await startTlsProxy(t, services);
    const client = await connectTls(t, proxy.port);
    return { proxy, client, resetClient: () => client.reset() };
  }
  const proxy = await startProxy(t, services);
  const client = await connectRaw(t, proxy.port);
  return { proxy, client, resetClient: () => reset(client.socket) };
}

/** Breaks exchanges off in every state, and watches all sockets meanwhile. */
async function breakOff(t: Test, kind: keyof typeof ROUNDS): Promise<void> {
  const { deaf, seen } = watchSockets(t);
  for (const [name, reach] of Object.entries(STATES)) {
    await Promise.all(
      Array.from({ length: ROUNDS[kind] }, async (_, round) => {
        const backend = await startManualBackend(t);
        const { proxy, client, resetClient } = await startScene(t, kind, backend.port);
        await reach({ client, backend });
        // Either side first, or both in the same turn.
        if (round % 3 !== 0) resetClient();
        if (round % 3 !== 1) for (const { socket } of backend.connections) reset(socket);
        await settle();
        client.socket.destroy();
        for (const { socket } of backend.connections) socket.destroy();
        await untilQuiet(proxy);
        await proxy.plane.stop(0);
      }),
    );
    t.same([...deaf], [], name);
  }
  t.ok(seen.accepted > 0 && seen.connected > 0 && seen.upgraded >= 2 * ROUNDS[kind], JSON.stringify(seen));
}

for (const kind of ['plain', 'TLS'] as const) {
  const what = `over ${kind} connections`;
  t.test(`a reset in any state is heard ${what}: no socket is ever without a listener for errors`, (t) =>
    breakOff(t, kind),
  );
}

t.test('a connect that fails is heard, for a request and for an upgrade', async (t) => {
  const { deaf, seen } = watchSockets(t);
  const proxy = await startProxy(t, [{ backends: [await deadPort(), await deadPort()] }]);
  for (const more of ['', 'Connection: Upgrade\r\nUpgrade: x\r\n']) {
    const statuses = Array.from({ length: 20 }, async () => {
      const client = await connectRaw(t, proxy.port);
      return (await exchange(client, `GET / HTTP/1.1\r\nHost: test.localhost\r\n${more}\r\n`)).status;
    });
    t.same(new Set(await Promise.all(statuses)), new Set([502]));
  }
  t.ok(seen.connected >= 80);
  t.same([...deaf], []);
});
