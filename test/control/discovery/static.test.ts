import t from 'tap';
import { staticSource } from '../../../src/control/discovery/static.ts';
import type { Contribution } from '../../../src/model/contribution.ts';
import { makeClaim } from '../../support/claims.ts';

t.test('a static source says its claims once, and is connected', async (t) => {
  const claims = [makeClaim('a')];
  const contributions: Contribution[] = [];
  const source = staticSource('demo', 'three samples', claims);
  source.watch((contribution) => contributions.push(contribution), new AbortController().signal);
  t.equal(source.name, 'demo');
  t.same(contributions, [
    { status: { name: 'demo', target: 'three samples', connected: true }, claims, problems: [] },
  ]);
});
