import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { hasPage, PagesFolder, sourceWithPages } from '../../src/control/pages.ts';
import type { Contribution } from '../../src/model/contribution.ts';
import type { ServiceSettings } from '../../src/model/service.ts';
import { makeClaim, makeContribution } from '../support/claims.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';

/** What a source tells whose only claim has these settings, with that folder of pages. */
function setUp(t: Test, dir: string, settings: ServiceSettings) {
  const clock = new FakeClock();
  const told: Contribution[] = [];
  const stopping = new AbortController();
  t.teardown(() => stopping.abort());
  const contribution = makeContribution([makeClaim('a', { settings })]);
  const source = { name: 'docker', watch: (publish: (one: Contribution) => void) => publish(contribution) };
  sourceWithPages(new PagesFolder(() => dir, clock), source).watch((one) => told.push(one), stopping.signal);
  return { clock, told, contribution, stopping, problems: () => told.at(-1)?.problems ?? [] };
}

const MAINTENANCE = { fallback: [{ kind: 'page', file: 'maintenance.html' }] } as const;

t.test('a page that is not there is a notice with the name that was meant, until it appears', async (t) => {
  const dir = t.testdir({ 'maintenence.html': '' });
  const { clock, problems, told, contribution } = setUp(t, dir, MAINTENANCE);
  t.equal(told[0], contribution, 'nothing is known yet');
  await eventually('it is told', () => problems().length > 0);
  t.strictSame(problems(), [
    {
      severity: 'notice',
      source: 'docker',
      subject: 'a',
      where: 'fallback',
      message: `there is no page maintenance.html in ${dir}`,
      hint: 'did you mean maintenence.html?',
    },
  ]);
  await writeFile(join(dir, 'maintenance.html'), '');
  await eventually('it is solved', async () => {
    await clock.advance(5_000);
    return problems().length === 0;
  });
  await rm(join(dir, 'maintenance.html'));
  await eventually('and told again', async () => {
    await clock.advance(5_000);
    return problems().length > 0;
  });
});

t.test('a folder that is not there is told, and looked for again', async (t) => {
  const dir = join(t.testdir({}), 'pages');
  const { clock, problems } = setUp(t, dir, {
    errorPages: [{ status: [500, 599], file: 'oops-{status}.html' }],
  });
  await eventually('it is told', () => problems().length > 0);
  t.match(problems(), [
    { where: 'errors', message: `there is no page oops-{status}.html, for there is no folder ${dir}` },
  ]);
  await mkdir(dir);
  await writeFile(join(dir, 'oops-503.html'), '');
  await eventually('it is solved', async () => {
    await clock.advance(5_000);
    return problems().length === 0;
  });
});

t.test(
  'where nobody names a page no folder is looked at, and what is told stays the same value',
  async (t) => {
    const { clock, told, contribution } = setUp(t, '/nowhere', { holdMs: 1 });
    await clock.advance(60_000);
    t.equal(clock.pending, 0);
    t.strictSame([told.length, told[0] === contribution], [1, true]);
  },
);

t.test('a stopped source has no folder looked at any more', async (t) => {
  const { clock, problems, stopping } = setUp(t, t.testdir({}), MAINTENANCE);
  await eventually('it is told', () => problems().length > 0);
  stopping.abort();
  await clock.advance(5_000);
  await eventually('it has looked once more', () => clock.pending === 0);
});

t.test('a page of a status is there when one of them is', async (t) => {
  const files = new Set(['oops-404.html', 'x.html']);
  t.equal(hasPage(files, 'oops-{status}.html'), true);
  t.equal(hasPage(files, 'oops-{status}.htm'), false);
  t.equal(hasPage(files, '{status}.html'), true);
  t.equal(hasPage(new Set(['x.html']), '{status}.html'), false);
});
