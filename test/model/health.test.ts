import t from 'tap';
import { describeFlags, inRanges } from '../../src/model/health.ts';

t.test('a status is in a range with both of its ends', async (t) => {
  const ranges = [
    [200, 299],
    [301, 301],
  ] as const;
  for (const status of [200, 250, 299, 301]) t.equal(inRanges(status, ranges), true, String(status));
  for (const status of [199, 300, 302, 500]) t.equal(inRanges(status, ranges), false, String(status));
  t.equal(inRanges(200, []), false, 'nothing is in no range');
});

t.test('flags are told in words for people', async (t) => {
  t.equal(describeFlags([]), 'available');
  t.equal(describeFlags(['Pending']), 'waiting for its first check');
  t.equal(describeFlags(['Draining', 'FailedCheck']), 'draining, failing its check');
  t.equal(describeFlags(['Maintenance', 'Ejected']), 'in maintenance, ejected');
});
