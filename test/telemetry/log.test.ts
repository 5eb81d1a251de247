import t from 'tap';
import { makeLog } from '../../src/telemetry/log.ts';

t.test('a line has its level in words, its time in ISO 8601, its fields, and its text', async (t) => {
  const lines: string[] = [];
  const log = makeLog('info', { write: (line) => lines.push(line) }, { worker: 2 });
  const before = Date.now();
  log.warn({ service: 'shop', backend: 'web-1' }, 'it is so');
  log.debug('not said');
  t.equal(lines.length, 1);
  const { time, ...rest } = JSON.parse(lines[0] ?? '');
  t.strictSame(rest, { level: 'warn', worker: 2, service: 'shop', backend: 'web-1', msg: 'it is so' });
  t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now());
  log.level = 'debug';
  log.debug('said');
  t.match(JSON.parse(lines[1] ?? ''), { level: 'debug', msg: 'said' }, 'the level may change');
});
