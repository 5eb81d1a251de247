import { once } from 'node:events';
import { get, request as httpRequest, type IncomingMessage } from 'node:http';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Pattern, produce } from '../support/pattern.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { seededRandom } from '../support/random.ts';
import { steady } from '../support/wait.ts';

/** A backend of downloads: `/NAME/SIZE/STEP` is the pattern of that name, in writes of STEP bytes. */
async function startDownloads(t: Test, patterns: ReadonlyMap<string, Pattern>): Promise<TestProxy> {
  const backend = await startBackend(t, 'a', async (request, response) => {
    const [, name = '', size, step] = (request.url ?? '').split('/');
    const pattern = patterns.get(name);
    if (pattern === undefined) {
      response.end(name);
      return;
    }
    if (name.startsWith('length')) response.setHeader('content-length', Number(size));
    await produce(response, pattern, Number(size), Number(step)).done;
    response.end();
  });
  return startProxy(t, [{ backends: [backend.port] }]);
}

async function download(t: Test, proxy: TestProxy, path: string): Promise<IncomingMessage> {
  const request = get({ port: proxy.port, path, headers: { host: 'test.localhost' }, agent: false });
  t.teardown(() => request.destroy());
  const [response] = await once(request, 'response');
  return response;
}

t.test('of two downloads one may stall without a byte of the other in its place', async (t) => {
  const [fast, slow] = [new Pattern(), new Pattern()];
  const proxy = await startDownloads(
    t,
    new Map([
      ['length-fast', fast],
      ['chunks-slow', slow],
    ]),
  );
  const size = 60_000_000;
  const stalled = await download(t, proxy, `/chunks-slow/${size}/100000`);
  stalled.pause();
  const flowing = await download(t, proxy, `/length-fast/${size}/70000`);
  fast.checkAll(flowing);
  await once(flowing, 'end');
  t.equal(fast.checked, size);
  t.ok(fast.isIntact, 'the one that flows');
  t.ok((await steady(() => slow.checked)) < size);
  slow.checkAll(stalled);
  await once(stalled, 'end');
  t.equal(slow.checked, size);
  t.ok(slow.isIntact, 'the one that stalled');
});

t.test('many downloads that stop and go, in reads of every size, never mix', async (t) => {
  // Around the sizes at which the proxy changes how it handles bytes.
  const steps = [100, 1_000, 4_095, 4_096, 4_097, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 500_000];
  const names = steps.map((step, i) => `${i % 2 === 0 ? 'length' : 'chunks'}-${step}`);
  const patterns = new Map(names.map((name) => [name, new Pattern()]));
  const proxy = await startDownloads(t, patterns);
  const random = seededRandom(11);
  await Promise.all(
    steps.map(async (step, i) => {
      const pattern = patterns.get(names[i] ?? '') ?? new Pattern();
      const size = Math.min(10_000_000, step * 2_000);
      const response = await download(t, proxy, `/${names[i]}/${size}/${step}`);
      response.on('data', (bytes: Buffer) => {
        pattern.check(bytes);
        if (random() < 0.05) {
          response.pause();
          setTimeout(() => response.resume(), random() * 20);
        }
      });
      await once(response, 'end');
      t.equal(pattern.checked, size, `${names[i]} is whole`);
      t.ok(pattern.isIntact, `${names[i]} has its own bytes`);
    }),
  );
});

t.test('small answers between large ones are their own', async (t) => {
  const large = new Pattern();
  const proxy = await startDownloads(t, new Map([['length-large', large]]));
  const response = await download(t, proxy, '/length-large/40000000/200000');
  large.checkAll(response);
  const ended = once(response, 'end');
  const wrong = [];
  for (let i = 0; i < 300; i++) {
    const name = `small-${i}-${'x'.repeat(i * 40)}`;
    if ((await ask(proxy.port, { path: `/${name}` })).body !== name) wrong.push(i);
  }
  await ended;
  t.same(wrong, []);
  t.equal(large.checked, 40_000_000);
  t.ok(large.isIntact);
});

t.test('uploads that stop and go reach the backend in their own order', async (t) => {
  const patterns = Array.from({ length: 6 }, () => new Pattern());
  const random = seededRandom(5);
  const backend = await startBackend(t, 'a', (request, response) => {
    const pattern = patterns[Number(request.url?.slice(1))] ?? new Pattern();
    request.on('data', (bytes: Buffer) => {
      pattern.check(bytes);
      if (random() < 0.1) {
        request.pause();
        setTimeout(() => request.resume(), random() * 20);
      }
    });
    request.on('end', () => response.end('thanks'));
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const size = 8_000_000;
  await Promise.all(
    patterns.map(async (pattern, i) => {
      const headers = { host: 'test.localhost', ...(i % 2 === 0 && { 'content-length': size }) };
      const request = httpRequest({ port: proxy.port, method: 'PUT', path: `/${i}`, headers, agent: false });
      await produce(request, pattern, size, 1_000 * 4 ** i).done;
      request.end();
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
    }),
  );
  t.same(
    patterns.map(({ checked, isIntact }) => [checked, isIntact]),
    patterns.map(() => [size, true]),
  );
  await eventually('the end of all', () => proxy.entries.length === patterns.length);
});
