import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { BodySink } from '../../src/data/proxy/exchange.ts';
import type { ResponseFilter } from '../../src/data/proxy/filters/filter.ts';
import { systemClock } from '../../src/model/clock.ts';
import { startBackend, startCannedBackend, startRawBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { compileWith, OWN } from '../support/filters.ts';
import { Pattern, type Production, produce } from '../support/pattern.ts';
import { startProxy } from '../support/proxy.ts';
import { steady } from '../support/wait.ts';

/** Hands on other bytes than it is given. */
class MappedBody implements BodySink {
  readonly #to: BodySink;
  readonly #map: (byte: number) => number;

  constructor(to: BodySink, map: (byte: number) => number) {
    this.#to = to;
    this.#map = map;
  }

  write(buffer: Buffer, from: number, to: number): void {
    const mapped = Buffer.from(buffer.subarray(from, to));
    for (let i = 0; i < mapped.length; i++) mapped[i] = this.#map(mapped[i] as number);
    this.#to.write(mapped, 0, mapped.length);
  }

  end(trailers: string): void {
    this.#to.end(trailers);
  }

  flush() {
    return this.#to.flush();
  }
}

/** A filter that transforms the bodies of responses. */
function transforming(map: (byte: number) => number): ResponseFilter {
  return {
    onResponse: (exchange, _, added) => {
      exchange.sink = new MappedBody(exchange.sink, map);
      return added;
    },
    onReply: () => '',
  };
}

const isLower = (byte: number) => byte >= 0x61 && byte <= 0x7a;
const UPPER = transforming((byte) => (isLower(byte) ? byte - 32 : byte));

function startTransforming(t: Test, port: number, onResponse = UPPER, filters = [OWN]) {
  const services = [{ routes: [{ filters }], backends: [port] }];
  return startProxy(t, services, {}, systemClock, compileWith({ onResponse }));
}

t.test('a filter that transforms a body hands on another one', async (t) => {
  const backend = await startBackend(t, 'a', (request, response) => request.pipe(response));
  const proxy = await startTransforming(t, backend.port);
  const body = 'body '.repeat(50_000);
  t.equal((await ask(proxy.port, { method: 'POST', body })).body, body.toUpperCase());
  t.match(proxy.entries, [{ status: 200, bytes: body.length }]);
});

t.test('of two of them each has its turn', async (t) => {
  const backend = await startBackend(t, 'a');
  const twice = transforming((byte) => byte + 1);
  const proxy = await startTransforming(t, backend.port, twice, [OWN, OWN]);
  t.equal((await ask(proxy.port)).body, 'c');
});

t.test('framing and trailers stay what they were', async (t) => {
  const chunked =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: abc\r\n\r\n';
  const { port } = await startCannedBackend(t, chunked);
  const proxy = await startTransforming(t, port);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\nTE: trailers\r\nConnection: TE\r\n\r\n');
  const text = await client.until(
    (received) => received.endsWith('\r\n\r\n') && received.includes('Sum'),
    'trailers',
  );
  const [, body = ''] = text.split(/\r\n\r\n(.*)/s);
  t.equal(body.replace(/^[1-9]\r\n(.*)\r\n/gm, '$1'), 'ABCDE0\r\nX-Sum: abc\r\n\r\n');
});

t.test('a response that breaks off is cut off, and not made to look whole', async (t) => {
  const { port } = await startRawBackend(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
  );
  const proxy = await startTransforming(t, port);
  await t.rejects(ask(proxy.port));
  t.match(proxy.entries, [{ isCut: true }]);
});

t.test('a client that does not read stops the backend behind the transformation', async (t) => {
  const [size, most] = [100_000_000, 24_000_000];
  const pattern = new Pattern();
  let production: Production | undefined;
  const { port } = await startRawBackend(t, (socket) =>
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      production = produce(socket, pattern, size);
    }),
  );
  const invert = (byte: number) => byte ^ 0xff;
  const proxy = await startTransforming(t, port, transforming(invert));
  const client = connect(proxy.port, '127.0.0.1');
  t.teardown(() => client.destroy());
  client.write('GET / HTTP/1.0\r\nHost: test.localhost\r\n\r\n');
  await eventually('a beginning', () => (production?.accepted() ?? 0) > 100_000);
  const accepted = await steady(() => production?.accepted() ?? 0);
  t.ok(accepted < most, `${accepted} bytes were taken from the backend`);
  let isBody = false;
  client.on('data', (bytes: Buffer) => {
    const start = isBody ? 0 : bytes.indexOf('\r\n\r\n') + 4;
    isBody = true;
    pattern.check(Buffer.from(bytes.subarray(start).map(invert)));
  });
  await once(client, 'end');
  t.equal(pattern.checked, size);
  t.ok(pattern.isIntact, 'every byte is where it belongs');
});
