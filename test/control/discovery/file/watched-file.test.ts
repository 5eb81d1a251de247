import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { readText } from '../../../../src/config/text-file.ts';
import {
  type FileState,
  type ReadText,
  WatchedFile,
} from '../../../../src/control/discovery/file/watched-file.ts';
import { FakeClock } from '../../../support/clock.ts';
import { eventually } from '../../../support/eventually.ts';

const run = promisify(execFile);

/** Watches a file; `told` is what it said, in order. */
function watch(t: Test, path: string, read: ReadText = readText, text?: string) {
  const clock = new FakeClock();
  const told: FileState[] = [];
  const stopping = new AbortController();
  t.teardown(() => stopping.abort());
  const file = new WatchedFile(path, clock, read);
  file.watch((state) => told.push(state), stopping.signal, text);
  /** The look that is due is over. */
  const looked = () => eventually('it was looked at', () => clock.pending === 1);
  return {
    file,
    clock,
    told,
    texts: () => told.map(({ text, error }) => text ?? error),
    /** Lets so much time pass, look by look. */
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 50) {
        await clock.advance(50);
        await looked();
      }
    },
  };
}

t.test('a file that an editor replaces is read as soon as it is there', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'one' });
  const path = join(folder, 'a.yaml');
  const { pass, texts } = watch(t, path);
  writeFileSync(join(folder, 'new'), 'two');
  renameSync(join(folder, 'new'), path);
  await pass(600);
  t.strictSame(texts(), ['one', 'two']);
});

t.test('a link that is swapped, as Kubernetes does with a mounted folder, is followed', async (t) => {
  const folder = t.testdir({ v1: { 'a.yaml': 'one' }, v2: { 'a.yaml': 'two' } });
  symlinkSync('v1', join(folder, '..data'));
  symlinkSync('..data/a.yaml', join(folder, 'a.yaml'));
  const { pass, texts } = watch(t, join(folder, 'a.yaml'));
  symlinkSync('v2', join(folder, 'next'));
  renameSync(join(folder, 'next'), join(folder, '..data'));
  await pass(600);
  t.strictSame(texts(), ['one', 'two']);
});

t.test('a file that is written in two pieces 300 ms apart is read once, when it is whole', async (t) => {
  const path = join(t.testdir({ 'a.yaml': 'one' }), 'a.yaml');
  for (const pauses of [1, 3]) {
    const { pass, texts } = watch(t, path);
    const before = texts();
    for (let i = 0; i < pauses; i++) {
      writeFileSync(path, '');
      await pass(300);
      appendFileSync(path, 'half, ');
      await pass(300);
    }
    appendFileSync(path, `whole ${pauses}`);
    await pass(1_600);
    t.strictSame(texts(), [...before, `half, whole ${pauses}`]);
  }
});

t.test('a file that is touched, or whose rights change, is not told again', async (t) => {
  const path = join(t.testdir({ 'a.yaml': 'one' }), 'a.yaml');
  const { pass, texts } = watch(t, path);
  utimesSync(path, 1, 1);
  await pass(1_200);
  chmodSync(path, 0o640);
  await pass(1_200);
  t.strictSame(texts(), ['one']);
});

t.test('a file that is removed and comes back is told both times', async (t) => {
  const path = join(t.testdir({ 'a.yaml': 'one' }), 'a.yaml');
  const { pass, texts } = watch(t, path);
  rmSync(path);
  await pass(1_200);
  mkdirSync(path);
  await pass(1_200);
  rmSync(path, { recursive: true });
  writeFileSync(path, 'two');
  await pass(1_200);
  t.strictSame(texts(), ['one', 'no such file', 'it is a folder', 'two']);
});

t.test('what could not be read for want of descriptors is read when it can be', async (t) => {
  const path = join(t.testdir({ 'a.yaml': 'one' }), 'a.yaml');
  let why: string | undefined;
  const { pass, texts } = watch(t, path, (path) => (why === undefined ? readText(path) : { why }));
  why = 'EMFILE: too many open files';
  writeFileSync(path, 'two');
  await pass(2_000);
  t.strictSame(texts(), ['one', 'EMFILE: too many open files'], 'and it is told once');
  why = undefined;
  await pass(600);
  t.strictSame(texts().slice(2), ['two']);
});

t.test('asked to, it reads at once and tells, be it the same', async (t) => {
  const path = join(t.testdir({ 'a.yaml': 'one' }), 'a.yaml');
  const { file, texts, pass } = watch(t, path);
  file.again();
  writeFileSync(path, 'two');
  file.again();
  await pass(1_200);
  t.strictSame(texts(), ['one', 'one', 'two']);
});

t.test('what is no file is not read again: of a pipe nothing would be left', async (t) => {
  const { file, texts, clock } = watch(t, '/dev/null', readText, 'grace: 1s');
  t.equal(clock.pending, 0);
  file.again();
  t.strictSame(
    texts().filter((text) => text !== 'grace: 1s'),
    [],
  );
});

t.test('a mounted file that is replaced where it is mounted from is known to be the old one', async (t) => {
  const folder = t.testdir({ host: { 'a.yaml': 'one' }, mounted: '' });
  const [host, mounted] = [join(folder, 'host/a.yaml'), join(folder, 'mounted')];
  try {
    await run('mount', ['--bind', host, mounted]);
  } catch {
    return void t.pass('a mount takes rights to make');
  }
  try {
    const { pass, told } = watch(t, mounted);
    // As `sed -i` and most editors do.
    await run('sed', ['-i', 's/one/two/', host]);
    t.equal(readFileSync(host, 'utf8'), 'two');
    await pass(1_200);
    t.match(told, [
      { text: 'one', isDetached: false },
      { text: 'one', isDetached: true },
    ]);
    t.equal(told.length, 2);
  } finally {
    // Before the folder is removed. By its name as it is seen from here: where it leads to is gone.
    await run('umount', ['-l', '-c', mounted]);
  }
});

t.test('a file that has other names, or lost one of them, is no old one', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'one' });
  linkSync(join(folder, 'a.yaml'), join(folder, 'b.yaml'));
  const { pass, told } = watch(t, join(folder, 'b.yaml'));
  unlinkSync(join(folder, 'a.yaml'));
  await pass(1_200);
  t.same(
    told.map(({ isDetached }) => isDetached),
    [false],
  );
});
