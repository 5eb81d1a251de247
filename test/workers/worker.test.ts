import t from 'tap';
import type { Plane } from '../../src/model/data-plane.ts';
import { EMPTY_KEYRING, type Keyring } from '../../src/model/keyring.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/model/snapshot.ts';
import { NO_TRAFFIC } from '../../src/model/stats.ts';
import type { Start, ToSupervisor, ToWorker } from '../../src/workers/channel.ts';
import { packSnapshot } from '../../src/workers/wire.ts';
import { packKeyring } from '../../src/workers/wire-keyring.ts';
import { Worker } from '../../src/workers/worker.ts';
import { settle } from '../support/clock.ts';
import { keyringOf, namedPair } from '../support/keyring.ts';
import { listenerOn } from '../support/listener.ts';
import { makeSnapshot } from '../support/proxy.ts';

const FIRST = namedPair('first.test');

const START: Start = {
  kind: 'start',
  worker: 2,
  options: { pages: 'here' },
  isTerminal: false,
  sockets: [4, 5, 6].map((fd) => [{ listener: listenerOn(80), fd }]),
  snapshot: packSnapshot(makeSnapshot(1, [{ backends: [80] }]), EMPTY_SNAPSHOT),
  keyring: packKeyring(keyringOf([FIRST]), EMPTY_KEYRING),
  graceMs: 5_000,
};

/** A worker whose supervisor and plane are the test. What happens is told in order. */
function makeScene(overrides: Partial<Plane> = {}) {
  const happened: string[] = [];
  const sent: ToSupervisor[] = [];
  const applied: Snapshot[] = [];
  const keyrings: Keyring[] = [];
  let say: (message: ToWorker) => void = () => {};
  let close = () => {};
  const channel = {
    async send(message: ToSupervisor) {
      sent.push(message);
      happened.push(message.kind);
    },
    onMessage(take: (message: ToWorker) => void) {
      say = take;
    },
    onClose(run: () => void) {
      close = run;
    },
  };
  const plane: Plane = {
    adopt(options) {
      happened.push(`adopt ${JSON.stringify(options)}`);
    },
    apply(snapshot) {
      applied.push(snapshot);
    },
    adoptKeyring(keyring) {
      happened.push('keyring');
      keyrings.push(keyring);
    },
    async listen({ address }, bound) {
      happened.push(`listen ${bound?.fd}`);
      return address;
    },
    stats: () => NO_TRAFFIC,
    async stop(graceMs) {
      happened.push(`stop ${graceMs}`);
    },
    ...overrides,
  };
  const worker = new Worker(
    channel,
    () => plane,
    (fd) => void happened.push(`close ${fd}`),
  );
  return {
    worker,
    happened,
    sent,
    applied,
    keyrings,
    say: (message: ToWorker) => say(message),
    close: () => close(),
  };
}

async function startScene() {
  const scene = makeScene();
  scene.say(START);
  await settle();
  scene.happened.length = 0;
  return scene;
}

t.test('it follows what is known before it takes the first connection', async (t) => {
  const { happened, applied, sent, say } = makeScene();
  say(START);
  await settle();
  t.strictSame(happened, ['keyring', 'applied', 'listen 5', 'serving']);
  t.match(applied, [{ version: 1, services: [{ name: 'test' }] }]);
  t.match(sent[0], { version: 1 });
});

t.test('it takes a keyring over another one, and tells nobody of it', async (t) => {
  const { keyrings, say, happened } = await startScene();
  const next = keyringOf([FIRST, namedPair('second.test')], { version: 2 });
  say({ kind: 'keyring', keyring: packKeyring(next, keyringOf([FIRST])) });
  t.strictSame(keyrings, [keyringOf([FIRST]), next]);
  t.strictSame(happened, ['keyring']);
});

t.test('a change of health keeps the services that it knows', async (t) => {
  const { applied, say } = await startScene();
  const before = makeSnapshot(1, [{ backends: [80] }]);
  const { health } = makeSnapshot(2, [{ backends: [{ port: 80, flags: ['FailedCheck'] }] }]);
  const ill = { ...before, version: 2, health };
  say({ kind: 'snapshot', snapshot: packSnapshot(ill, before) });
  t.equal(applied[1]?.version, 2);
  t.equal(applied[1]?.services, applied[0]?.services, 'the very same');
  t.match(applied[1]?.health.get('test/80'), { flags: ['FailedCheck'] });
});

t.test('other options reach its plane', async (t) => {
  const { happened, say } = await startScene();
  say({ kind: 'options', options: { grace: 1 } });
  t.strictSame(happened, ['adopt {"grace":1}']);
});

t.test('it takes the connections of another slot once', async (t) => {
  const { happened, say } = await startScene();
  say({ kind: 'cover', worker: 3 });
  say({ kind: 'cover', worker: 3 });
  say({ kind: 'cover', worker: 2 });
  await settle();
  t.strictSame(happened, ['listen 6']);
});

t.test('a stop closes the sockets that it does not use, too: nobody may wait in them', async (t) => {
  const { happened, worker, say } = await startScene();
  say({ kind: 'stop', graceMs: 3_000 });
  say({ kind: 'stop', graceMs: 3_000 });
  await worker.ended;
  t.strictSame(happened, ['close 4', 'close 6', 'stop 3000', 'report']);
});

t.test('without its supervisor it stops by itself', async (t) => {
  const { happened, worker, close } = await startScene();
  close();
  await worker.ended;
  t.ok(happened.includes('stop 5000'));
});

t.test('before it was told anything it just ends', async (t) => {
  const { happened, worker, close } = makeScene();
  close();
  await worker.ended;
  t.strictSame(happened, []);
});

t.test('one that cannot listen says why, and ends', async (t) => {
  const { sent, worker, say } = makeScene({ listen: () => Promise.reject(new Error('no socket')) });
  say(START);
  await worker.ended;
  t.strictSame(sent.at(-1), { kind: 'failed', message: 'no socket' });
});
