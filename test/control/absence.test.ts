import t from 'tap';
import type { Claim } from '../../src/model/contribution.ts';
import type { Absence } from '../../src/model/service.ts';
import { makeClaim, makeContribution, mergeContributions } from '../support/claims.ts';

const absence = (...claims: readonly Claim[]) => {
  const forward = mergeContributions([makeContribution(claims)]).services[0]?.absence;
  const backward = mergeContributions([makeContribution(claims.toReversed())]).services[0]?.absence;
  t.strictSame(forward, backward, 'whatever their order');
  return forward;
};

const stopped = (name: string): Claim => {
  const claim = makeClaim(name, { serves: false });
  return { ...claim, origin: { ...claim.origin, containerId: name } };
};

const removed = (name: string, createdAt: number) =>
  makeClaim(name, { serves: false, isGone: true, createdAt });

t.test('a service without backends names its containers that do not serve', async (t) => {
  t.strictSame(absence(stopped('a'), stopped('b'), removed('c', 5)), { names: ['a', 'b'] });
  t.equal(absence(makeClaim('a'), stopped('b')), undefined, 'where one serves nobody is missed');
  t.equal(absence(makeClaim('file', { serves: false })), undefined, 'and a file needs none');
});

t.test('a service of which nothing is left names what was removed last, and when', async (t) => {
  const last: Absence = { names: ['b'], removed: { at: 7, until: 3_600_007 } };
  t.strictSame(absence(removed('a', 5), removed('b', 7)), last);
});

t.test('of thousands that do not serve a hundred are named', async (t) => {
  const many = Array.from({ length: 5_000 }, (_, i) => stopped(`web-${i}`));
  t.equal(absence(...many)?.names.length, 100);
});
