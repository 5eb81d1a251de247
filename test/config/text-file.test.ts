import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readText } from '../../src/config/text-file.ts';

t.test('a file has its text, also a pipe and an empty one; one that is not there has none', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'grace: 1s # é\n', empty: '' });
  t.equal(readText(join(folder, 'a.yaml')), 'grace: 1s # é\n');
  t.equal(readText(join(folder, 'empty')), '');
  t.equal(readText('/dev/null'), '');
  t.equal(readText(join(folder, 'gone')), undefined);
  t.equal(readText(join(folder, 'a.yaml/below')), undefined, 'a file has nothing below it');
  const out = execFileSync('bash', [
    '-c',
    '"$0" -e "$1" <(printf "grace: 2s")',
    process.execPath,
    `import(${JSON.stringify(new URL('../../src/config/text-file.ts', import.meta.url).href)}).then(({ readText }) => console.log(readText(process.argv[1])))`,
  ]);
  t.equal(String(out), 'grace: 2s\n');
});

t.test('what is no text file says what it is instead, and is not read beyond a bound', async (t) => {
  const folder = t.testdir({ locked: 'x', large: '' });
  const write = (name: string, bytes: Buffer) => writeFileSync(join(folder, name), bytes);
  write('binary', Buffer.from([1, 0, 2]));
  write('latin1', Buffer.from('grace: 1s # \xe9', 'latin1'));
  write('windows', Buffer.from('\ufeffgrace: 1s', 'utf16le'));
  truncateSync(join(folder, 'large'), 100 * 1_048_576);
  mkdirSync(join(folder, 'folder'));
  symlinkSync('circle', join(folder, 'circle'));
  for (const [name, why] of Object.entries({
    binary: 'it is no text',
    latin1: 'it is no text in UTF-8',
    windows: 'it is not UTF-8 but, it seems, UTF-16',
    large: 'it is larger than 4 MB',
    folder: 'it is a folder',
    circle: 'its links lead in a circle',
  }))
    t.same(readText(join(folder, name)), { why }, name);
  t.same(readText('/dev/zero'), { why: 'it is larger than 4 MB' }, 'what never ends is not read to its end');
  if (process.getuid?.() !== 0) {
    chmodSync(join(folder, 'locked'), 0);
    t.same(readText(join(folder, 'locked')), { why: 'permission denied' });
  }
});
