import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { connectEngine, type Engine } from '../../../../src/control/discovery/docker/engine.ts';
import type { EngineEvent } from '../../../../src/control/discovery/docker/event.ts';
import { readLines } from '../../../../src/control/discovery/docker/event-lines.ts';
import { startEngineServer } from '../../../support/engine-server.ts';
import { eventually } from '../../../support/eventually.ts';
import { containerId } from '../../../support/fake-engine.ts';
import { heapInUse } from '../../../support/memory.ts';

const ID = containerId('abc');

/** An Engine that answers each question but for its version in the same way. */
async function answering(t: Test, handle: (response: ServerResponse) => void): Promise<Engine> {
  const server = await startEngineServer(t, 'tcp', {
    handle: (path, response) => {
      if (path === '/version') return false;
      handle(response);
      return true;
    },
  });
  const engine = connectEngine(server.endpoint, undefined);
  await engine.negotiate();
  return engine;
}

/** All questions that have an answer, at once. */
function questions(engine: Engine): Promise<unknown>[] {
  return [engine.containers(), engine.containers([ID]), engine.networkDrivers()];
}

t.test('what is no list is an error, whatever else it is', async (t) => {
  for (const body of ['', '{', '[{"Id":"a"', 'null', '{}', '"text"', '<html>', '7', '[1,2', '\u0000']) {
    const engine = await answering(t, (response) => response.end(body));
    for (const answer of questions(engine))
      await t.rejects(answer, /is that a Docker Engine/, JSON.stringify(body));
  }
});

t.test('who is no Engine is told so, and where it leads to is not followed', async (t) => {
  for (const location of [
    '/elsewhere',
    'http://127.0.0.1:1/',
    'https://x/',
    'ftp://x',
    '//',
    'no:where',
    '\u00e9',
  ]) {
    const engine = await answering(t, (response) => response.writeHead(301, { location }).end('<html>'));
    for (const answer of questions(engine)) await t.rejects(answer, /HTTP 301: <html>/, location);
    await t.rejects(engine.stopBehaviour(ID), /HTTP 301/);
    await t.rejects(
      engine.events(
        () => {},
        () => {},
        new AbortController().signal,
      ),
      /HTTP 301/,
    );
  }
});

t.test('what an Engine says of itself is looked at', async (t) => {
  for (const version of [null, 7, {}, [], { ApiVersion: 7 }, { ApiVersion: 'x' }, { ApiVersion: '1e9.1' }]) {
    const server = await startEngineServer(t, 'tcp', { version });
    await t.rejects(connectEngine(server.endpoint, undefined).negotiate(), /names no version/);
  }
  const server = await startEngineServer(t, 'tcp', { version: { ApiVersion: '1.60', MinAPIVersion: [] } });
  t.match(await connectEngine(server.endpoint, undefined).negotiate(), { version: '', api: '1.51' });
});

t.test('an answer without an end is given up, and no more than its bound is held', async (t) => {
  const engine = await answering(t, (response) => {
    const piece = Buffer.alloc(64 * 1024, '[');
    const send = () => {
      while (response.write(piece) && !response.destroyed);
    };
    response.on('drain', send);
    response.on('error', () => {});
    send();
  });
  await t.rejects(engine.stopBehaviour(containerId('a')), /more than 64 MB/);
  await t.rejects(engine.containers(), /no list/);
});

t.test('an answer that breaks off is an error', async (t) => {
  const engine = await answering(t, (response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('[', () => response.destroy());
  });
  for (const answer of questions(engine)) await t.rejects(answer);
});

t.test('how a container is stopped is believed within reason', async (t) => {
  for (const [inspect, expected] of [
    [null, { signal: 'SIGTERM', timeoutMs: 10_000 }],
    [{ Config: { StopSignal: {}, StopTimeout: 'x' } }, { signal: 'SIGTERM', timeoutMs: 10_000 }],
    [{ Config: { StopSignal: 15, StopTimeout: 1e300 } }, { signal: 'SIGTERM', timeoutMs: 86_400_000 }],
    [{ Config: { StopTimeout: -1 } }, { signal: 'SIGTERM', timeoutMs: 86_400_000 }],
    [{ Config: { StopSignal: 'SIGQUIT', StopTimeout: 0 } }, { signal: 'SIGQUIT', timeoutMs: 0 }],
  ] as const) {
    const server = await startEngineServer(t, 'tcp', { inspect });
    t.same(await connectEngine(server.endpoint, undefined).stopBehaviour(ID), expected);
  }
});

t.test('a network that cannot be read does not cost the others', async (t) => {
  const server = await startEngineServer(t, 'tcp', {
    networks: [null, 7, { Id: 'a', Driver: 'macvlan' }, { Id: [], Driver: {} }],
  });
  const drivers = await connectEngine(server.endpoint, undefined).networkDrivers();
  t.equal(drivers.get('a'), 'macvlan');
});

/** What is heard of these bytes, in pieces of that size. */
async function heard(text: string, size: number): Promise<(string | undefined)[]> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
  }
  const lines: (string | undefined)[] = [];
  for await (const line of readLines(pieces())) lines.push(line);
  return lines;
}

t.test('lines are the same however they are cut, and only a line feed ends one', async (t) => {
  for (const size of [1, 2, 3, 7, 100]) {
    t.same(await heard('{"a":"ü\u2028\r"}\n\nb\nrest', size), ['{"a":"ü\u2028\r"}', '', 'b']);
  }
});

t.test('a line without an end holds no more memory than a line may have', async (t) => {
  const before = heapInUse();
  let most = 0;
  async function* endless() {
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let i = 0; i < 2_000; i++) {
      yield piece;
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    yield Buffer.from('\nshort\n');
  }
  const start = process.memoryUsage().arrayBuffers;
  const lines: (string | undefined)[] = [];
  for await (const line of readLines(endless())) lines.push(line);
  t.same(lines, [undefined, 'short'], 'it is heard of, and those after it are heard');
  t.ok(most - start < 8 * 1024 * 1024, `${most - start} bytes`);
  t.ok(heapInUse() - before < 8 * 1024 * 1024);
});

t.test('an event that is too long, or none, is heard of as one that is not understood', async (t) => {
  const server = await startEngineServer(t, 'tcp');
  const engine = connectEngine(server.endpoint, undefined);
  await engine.negotiate();
  const seen: (EngineEvent | undefined)[] = [];
  let isOpen = false;
  const over = engine.events(
    (event) => seen.push(event),
    () => {
      isOpen = true;
    },
    new AbortController().signal,
  );
  await eventually('the stream is open', () => isOpen);
  const attributes = { signal: { toString: 1, valueOf: 1 } };
  const odd = { Type: 'container', Action: 'kill', Actor: { ID, Attributes: attributes } };
  const traversing = { Type: 'container', Action: 'kill', Actor: { ID: '../networks', Attributes: {} } };
  server.write(`${'x'.repeat(2 ** 20 + 1)}\nnull\n${JSON.stringify(traversing)}\n${JSON.stringify(odd)}\n`);
  await eventually('all are heard', () => seen.length === 4);
  t.same(seen, [undefined, undefined, undefined, { containerId: ID, action: 'kill', signal: Number.NaN }]);
  server.end();
  await over;
});

t.test('an Engine that begins to answer with its first event is listed before', async (t) => {
  const server = await startEngineServer(t, 'tcp', { handle: (path) => path.endsWith('/events') });
  const connection = new AbortController();
  const engine = connectEngine(server.endpoint, undefined);
  let isOpen = false;
  const over = engine.events(
    () => {},
    () => {
      isOpen = true;
    },
    connection.signal,
  );
  await eventually('it is taken for open', () => isOpen);
  connection.abort();
  await t.rejects(over);
});
