import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const UNIT = readFileSync(new URL('../../config/systemd/fairlead.service', import.meta.url), 'utf8');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd && process.env['CI'] === 'true') throw new Error('CI needs systemd-analyze');

/** The unit with a program that is here. */
const folder = t.testdir({
  'fairlead.service': UNIT.replace('ExecStart=fairlead', `ExecStart=${process.execPath}`),
});
const analyze = (...args: string[]) =>
  spawnSync('systemd-analyze', [...args, join(folder, 'fairlead.service')], { encoding: 'utf8' });
const skip = !hasSystemd && 'systemd-analyze is not installed';

t.test('systemd has nothing to say against the unit', { skip }, async (t) => {
  const { status, stdout, stderr } = analyze('verify');
  t.strictSame([status, stdout, stderr], [0, '', '']);
});

t.test('systemd counts its exposure as at most 2 of 10', { skip }, async (t) => {
  const { status, stdout } = analyze('security', '--offline=true', '--threshold=20');
  t.equal(status, 0, stdout.split('\n').at(-2) ?? '');
});
