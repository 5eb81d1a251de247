import t from 'tap';
import { formatProblem, type Problem } from '../../src/model/problem.ts';

const PROBLEM: Problem = {
  severity: 'error',
  source: 'docker',
  subject: 'web-1',
  where: 'fairlead.hots',
  message: 'is not a known key',
  hint: 'did you mean fairlead.host?',
};

t.test('a problem says whose it is, where it stands, what is wrong and what would mend it', async (t) => {
  t.equal(formatProblem(PROBLEM), 'web-1: fairlead.hots: is not a known key (did you mean fairlead.host?)');
});

t.test('a problem without a place or a hint leaves no gap where they would be', async (t) => {
  const { hint: _, ...withoutHint } = PROBLEM;
  t.equal(formatProblem(withoutHint), 'web-1: fairlead.hots: is not a known key');
  t.equal(formatProblem({ ...withoutHint, where: '' }), 'web-1: is not a known key');
});
