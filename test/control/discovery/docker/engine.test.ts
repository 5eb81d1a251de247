import t, { type Test } from 'tap';
import { connectEngine } from '../../../../src/control/discovery/docker/engine.ts';
import { explainEngineError } from '../../../../src/control/discovery/docker/engine-error.ts';
import type { EngineEvent } from '../../../../src/control/discovery/docker/event.ts';
import { startEngineServer } from '../../../support/engine-server.ts';
import { eventually } from '../../../support/eventually.ts';
import { containerId } from '../../../support/fake-engine.ts';

const ID = containerId('abc');

/** What a filtered socket has to allow, and no more. */
const ALLOWED =
  /^GET (?:\/v1\.\d+)?(?:\/_ping|\/version|\/containers\/json|\/containers\/[0-9a-f]+\/json|\/networks|\/events)$/;

function setEnv(t: Test, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    t.teardown(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

t.test('every question is a GET of an endpoint that a filtered socket may allow', async (t) => {
  for (const kind of ['unix', 'tcp'] as const) {
    const server = await startEngineServer(t, kind, {
      containers: [{ Id: ID }],
      networks: [
        { Id: 'n1', Driver: 'bridge' },
        { Id: 'n2', Driver: 'macvlan' },
      ],
      inspect: { Config: { StopSignal: 'SIGQUIT' } },
    });
    const engine = connectEngine(server.endpoint, undefined);
    t.same(await engine.negotiate(), { version: '28.0.0', api: '1.48' });
    t.same(await engine.containers(), [{ Id: ID }]);
    t.same(await engine.containers([ID]), [{ Id: ID }]);
    t.same(
      [...(await engine.networkDrivers())],
      [
        ['n1', 'bridge'],
        ['n2', 'macvlan'],
      ],
    );
    t.same(await engine.stopBehaviour(ID), { signal: 'SIGQUIT', timeoutMs: 10_000 });
    await engine.events(() => {}, server.end, new AbortController().signal);
    t.equal(server.requests.length, 6, kind);
    for (const request of server.requests) t.match(request, ALLOWED);
    t.same(server.requests.slice(1), [
      'GET /v1.48/containers/json',
      'GET /v1.48/containers/json',
      'GET /v1.48/networks',
      `GET /v1.48/containers/${ID}/json`,
      'GET /v1.48/events',
    ]);
    const [all, some, events] = server.queries;
    t.same(all, { all: 'true' });
    t.same(some, { all: 'true', filters: JSON.stringify({ id: [ID] }) });
    t.match(JSON.parse(events?.['filters'] ?? ''), {
      type: ['container', 'network'],
      event: ['start', 'die', 'kill'],
    });
  }
});

t.test('variables of the environment lead to no other Engine than the one that was said', async (t) => {
  setEnv(t, {
    DOCKER_HOST: 'tcp://127.0.0.1:1',
    DOCKER_TLS_VERIFY: '1',
    DOCKER_PATH_PREFIX: '/elsewhere',
    DOCKER_CLIENT_TIMEOUT: '1',
  });
  for (const kind of ['unix', 'tcp'] as const) {
    const server = await startEngineServer(t, kind);
    const engine = connectEngine(server.endpoint, undefined);
    await engine.negotiate();
    t.same(await engine.containers(), []);
    t.same(server.requests, ['GET /version', 'GET /v1.48/containers/json'], kind);
  }
});

t.test('a socket of the environment is not asked instead of a host', async (t) => {
  const other = await startEngineServer(t, 'unix');
  setEnv(t, { DOCKER_HOST: other.endpoint });
  const server = await startEngineServer(t, 'tcp');
  await connectEngine(server.endpoint, undefined).negotiate();
  t.same(other.requests, []);
  t.equal(server.requests.length, 1);
});

t.test('the stop signal is SIGTERM where the image says none', async (t) => {
  const server = await startEngineServer(t, 'unix', { inspect: { Config: {} } });
  const { stopBehaviour } = connectEngine(server.endpoint, undefined);
  t.match(await stopBehaviour(ID), { signal: 'SIGTERM' });
});

t.test('what the Engine refuses rejects', async (t) => {
  const server = await startEngineServer(t, 'unix', { status: 403 });
  const engine = connectEngine(server.endpoint, undefined);
  await engine.negotiate();
  await t.rejects(engine.containers(), /403/);
  await t.rejects(engine.networkDrivers(), /403/);
});

t.test('certificates that cannot be read are an error at once', async (t) => {
  t.throws(() => connectEngine('tcp://127.0.0.1:2376', t.testdir({})), /ca\.pem/);
});

t.test('events arrive one by one, also when their lines come in pieces', async (t) => {
  const server = await startEngineServer(t, 'unix');
  const engine = connectEngine(server.endpoint, undefined);
  const seen: (EngineEvent | undefined)[] = [];
  let isOpen = false;
  const onOpen = () => {
    isOpen = true;
  };
  const over = engine.events((event) => seen.push(event), onOpen, new AbortController().signal);
  await eventually('the stream is open', () => isOpen);
  server.write('{"Type":"container","Action":"start","Actor":{"ID":"a"}}\nnonsense\n{"Type":"cont');
  await eventually('the first event', () => seen.length === 2);
  server.write('ainer","Action":"die","Actor":{"ID":"a"}}\n');
  await eventually('the last event', () => seen.length === 3);
  t.same(
    seen.map((event) => event?.action),
    ['start', undefined, 'die'],
  );
  server.end();
  await t.resolves(over, 'the end of the stream resolves');
});

t.test('a stream whose connection breaks rejects, even in the middle of a line', async (t) => {
  const server = await startEngineServer(t, 'unix');
  const onOpen = () => {
    server.write('{"Type":"container"');
    server.cut();
  };
  const engine = connectEngine(server.endpoint, undefined);
  await t.rejects(engine.events(() => {}, onOpen, new AbortController().signal));
});

t.test('a stream ends when it is aborted', async (t) => {
  const server = await startEngineServer(t, 'unix');
  const connection = new AbortController();
  const engine = connectEngine(server.endpoint, undefined);
  await t.rejects(
    engine.events(
      () => {},
      () => connection.abort(),
      connection.signal,
    ),
  );
});

t.test('a real socket that nobody serves is explained', async (t) => {
  const endpoint = 'unix:///nowhere/docker.sock';
  const error = await connectEngine(endpoint, undefined)
    .negotiate()
    .catch((error: unknown) => error);
  t.match(explainEngineError(error, endpoint), /^there is no unix:/);
});
