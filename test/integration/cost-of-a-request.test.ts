import { createHook } from 'node:async_hooks';
import t from 'tap';
import { startCannedBackend, startRawBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { startProxy } from '../support/proxy.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 4\r\n\r\nbody';

/** A clock that counts the timers that are started. */
class CountingClock extends FakeClock {
  started = 0;

  override after(delayMs: number, run: () => void): () => void {
    this.started++;
    return super.after(delayMs, run);
  }
}

/** The timers and promises that code in src makes while something runs, each with where that is. */
async function madeBySrc(run: () => Promise<void>): Promise<string[]> {
  const made: string[] = [];
  const hook = createHook({
    init(_, type) {
      if (type !== 'PROMISE' && type !== 'Timeout' && type !== 'Immediate') return;
      const frame = new Error().stack?.split('\n').find((line) => line.includes('/src/'));
      if (frame !== undefined) made.push(`${type}${frame}`);
    },
  });
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  hook.enable();
  try {
    await run();
  } finally {
    hook.disable();
    Error.stackTraceLimit = limit;
  }
  return made;
}

t.test('what counts timers and promises sees those of src', async (t) => {
  const proxy = await startProxy(t, [{ backends: [(await startCannedBackend(t, OK)).port] }]);
  const made = await madeBySrc(() => proxy.plane.stop(0));
  t.match(made, [/^PROMISE.*plane\.ts/]);
});

t.test('a request starts no timer and makes no promise while another one runs', async (t) => {
  const clock = new CountingClock();
  const silent = await startRawBackend(t, (socket) => void socket.resume());
  const backend = await startCannedBackend(t, OK);
  const services = [
    { name: 'silent', routes: [{ path: '/silent' }], backends: [silent.port] },
    { name: 'test', backends: [backend.port] },
  ];
  const proxy = await startProxy(t, services, {}, clock);
  const other = await connectRaw(t, proxy.port);
  other.send('GET /silent HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  const client = await connectRaw(t, proxy.port);
  let answers = 0;
  const ask = async (request: string) => {
    client.send(request);
    answers++;
    await client.until((received) => received.split(OK.slice(-2)).length > answers, `answer ${answers}`);
  };
  // The connections are made now.
  await ask(GET);
  const started = clock.started;
  const made = await madeBySrc(async () => {
    for (let i = 0; i < 20; i++) {
      await ask(GET);
      await ask(POST);
    }
  });
  t.strictSame(made, []);
  t.equal(clock.started, started);
  t.equal(proxy.entries.length, 41);
});
