import { once } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { underWay } from '../support/quiet.ts';
import { openTunnel, type TestTunnel } from '../support/tunnel.ts';

/** More than the runtime reads ahead, and less than kernels take: who closes without reading it sends a reset. */
const UNREAD = Buffer.alloc(300_000);
/** A side that nobody hears is asked each 5 s whether it is there; the other then has 2 s to close. */
const FOUND_MS = 10_000;
type Name = 'client' | 'backend';
const other = (name: Name): Name => (name === 'client' ? 'backend' : 'client');

/** The client says that it ends, and the backend hears it. */
async function halfClose({ client, backend }: TestTunnel): Promise<void> {
  backend.resume();
  client.end();
  await once(backend, 'end');
}

/** Sends until nothing more is taken: from then on nobody hears this side. */
async function stall(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  for (let stalled = 0; stalled < 5; ) {
    stalled = socket.writableNeedDrain ? stalled + 1 : 0;
    if (stalled === 0) socket.write(Buffer.alloc(1_000_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Lets that much time go by, with moments for the sockets; false when nothing is left of the tunnel then. */
async function lasts(tunnel: TestTunnel, clock: FakeClock, ms: number): Promise<boolean> {
  for (let at = 0; at < ms && underWay(tunnel.proxy) > 0; at += 500) {
    await clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return underWay(tunnel.proxy) > 0;
}

t.test('a client that has ended, and is then reset, ends the tunnel', async (t) => {
  const clock = new FakeClock();
  const tunnel = await openTunnel(t, { timeouts: { idleMs: 0 } }, clock);
  const { client, backend } = tunnel;
  await halfClose(tunnel);
  backend.write(UNREAD);
  await eventually('all is on its way', () => backend.writableLength === 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.destroy();
  await once(client, 'close');
  t.equal(await lasts(tunnel, clock, FOUND_MS), false);
});

t.test('a backend that is silent once the client has ended has its time', async (t) => {
  const clock = new FakeClock();
  const tunnel = await openTunnel(t, { timeouts: { idleMs: 20_000 } }, clock);
  const { client, backend } = tunnel;
  await halfClose(tunnel);
  t.equal(await lasts(tunnel, clock, 15_000), true);
  client.resume();
  backend.write('still here');
  await once(client, 'data');
  t.equal(await lasts(tunnel, clock, 15_000), true, 'each byte gives it anew');
  t.equal(await lasts(tunnel, clock, 10_000), false);
  t.match(tunnel.proxy.entries, [{ status: 101 }]);
});

t.test('a client that has ended and reads nothing has its time as well', async (t) => {
  const clock = new FakeClock();
  const tunnel = await openTunnel(t, { timeouts: { idleMs: 20_000 } }, clock);
  await halfClose(tunnel);
  await stall(tunnel.backend);
  t.equal(await lasts(tunnel, clock, 30_000), false);
});

t.test('a backend that ends takes the tunnel with it, whether the client heeds that or not', async (t) => {
  const clock = new FakeClock();
  const tunnel = await openTunnel(t, { timeouts: { idleMs: 0 } }, clock);
  tunnel.client.resume();
  tunnel.backend.end();
  await once(tunnel.client, 'end');
  t.equal(await lasts(tunnel, clock, FOUND_MS), false);
});

for (const name of ['client', 'backend'] as const) {
  t.test(`a ${name} that is reset while the ${other(name)} reads nothing ends the tunnel`, async (t) => {
    const clock = new FakeClock();
    const tunnel = await openTunnel(t, {}, clock);
    await stall(tunnel[name]);
    tunnel[name].resetAndDestroy();
    await once(tunnel[name], 'close');
    t.equal(await lasts(tunnel, clock, FOUND_MS), false);
  });
}

t.test('a tunnel of which both ends are there stays for as long as they like', async (t) => {
  const clock = new FakeClock();
  const tunnel = await openTunnel(t, { timeouts: { idleMs: 1_000 } }, clock);
  clock.skip(86_400_000);
  await clock.advance(6_000);
  t.equal(underWay(tunnel.proxy), 3);
  const half = await openTunnel(t, { timeouts: { idleMs: 0 } }, clock);
  await halfClose(half);
  clock.skip(86_400_000);
  await clock.advance(6_000);
  t.equal(underWay(half.proxy), 3, 'without a limit half a tunnel does, too');
  half.client.resume();
  half.backend.write('at last');
  t.equal(String((await once(half.client, 'data'))[0]), 'at last');
  for (const { backend } of [tunnel, half]) backend.destroy();
  t.equal(await lasts(half, clock, FOUND_MS), false);
  t.equal(await lasts(tunnel, clock, FOUND_MS), false);
});
