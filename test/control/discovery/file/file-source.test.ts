import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readText } from '../../../../src/config/text-file.ts';
import { FileSource } from '../../../../src/control/discovery/file/file-source.ts';
import type { Contribution } from '../../../../src/model/contribution.ts';
import { silentLog } from '../../../../src/telemetry/log.ts';
import { FakeClock } from '../../../support/clock.ts';
import { eventually } from '../../../support/eventually.ts';

const GOOD = 'services: { shop: { host: a.org }, blog: { host: b.org } }\n';

/** Watches a file of this text; each answer of `change` is what the source says after it. */
async function watch(t: Test, text: string | undefined) {
  const path = join(t.testdir(text === undefined ? {} : { 'fairlead.yaml': text }), 'fairlead.yaml');
  const contributions: Contribution[] = [];
  const stopping = new AbortController();
  const clock = new FakeClock();
  const source = new FileSource({ path, clock, log: silentLog(), readText });
  source.watch((contribution) => contributions.push(contribution), stopping.signal);
  t.teardown(() => stopping.abort());
  const next = async (act: () => void) => {
    const before = contributions.length;
    act();
    return eventually('the change is noticed', async () => {
      await clock.advance(500);
      return contributions.length > before && contributions.at(-1);
    });
  };
  return {
    path,
    clock,
    contributions,
    first: contributions[0],
    change: (text: string) => next(() => writeFileSync(path, text)),
    remove: () => next(() => rmSync(path)),
    stop: () => stopping.abort(),
  };
}

/** `service host` of each claim. */
function routes(contribution: Contribution | undefined): string[] | undefined {
  return contribution?.claims.map(({ service, routes }) => `${service} ${routes[0]?.host}`);
}

t.test('what the file says is said at once', async (t) => {
  const { first, path } = await watch(t, GOOD);
  t.same(routes(first), ['shop a.org', 'blog b.org']);
  t.same(first?.status, { name: 'file', target: path, connected: true });
  t.same(first?.problems, []);
  t.equal(first?.claims[0]?.createdAt, statSync(path).mtimeMs, 'and is as old as its last change');
});

t.test('a good edit is taken', async (t) => {
  const { change } = await watch(t, GOOD);
  t.same(routes(await change('services: { shop: { host: c.org } }')), ['shop c.org']);
  t.same(routes(await change('http: :8080\n')), [], 'and services may go');
});

t.test('a bad edit of a service keeps its last good one, and takes the others', async (t) => {
  const { change } = await watch(t, GOOD);
  const edited = await change('services:\n  shop: { host: http://c.org }\n  blog: { host: d.org }\n');
  t.same(routes(edited), ['shop a.org', 'blog d.org']);
  t.match(edited.problems, [{ severity: 'error', where: 'line 2' }]);
  const again = await change('services:\n  shop: { hots: e.org }\n');
  t.same(routes(again), ['shop a.org'], 'also the next bad one');
  const mended = await change('services:\n  shop: { host: e.org }\n');
  t.same(routes(mended), ['shop e.org']);
  t.same(mended.problems, []);
});

t.test('a service that never was good is not there', async (t) => {
  const { first } = await watch(t, 'services:\n  shop: { hots: a.org }\n  blog: { host: b.org }\n');
  t.same(routes(first), ['blog b.org']);
  t.equal(first?.problems.length, 1);
});

t.test('broken YAML keeps all', async (t) => {
  const { change } = await watch(t, GOOD);
  const broken = await change('services: {');
  t.same(routes(broken), ['shop a.org', 'blog b.org']);
  t.match(broken.problems, [{ severity: 'error', source: 'file' }]);
});

t.test('a file that is deleted keeps all, and says since when it is stale', async (t) => {
  const { clock, remove, change, path } = await watch(t, GOOD);
  const start = clock.now();
  const removed = await remove();
  t.same(routes(removed), ['shop a.org', 'blog b.org']);
  t.match(removed.status, {
    target: path,
    connected: false,
    error: 'the file cannot be read: no such file',
  });
  t.ok(Number(removed.status.staleSince) > start);
  t.match(removed.problems, [{ severity: 'error', subject: path, hint: /not over a restart/ }]);
  const back = await change('services: { shop: { host: c.org } }');
  t.same(back.problems, []);
  t.same(routes(back), ['shop c.org']);
  t.same(back.status, { name: 'file', target: path, connected: true });
});

t.test('a file that is not there yet is waited for', async (t) => {
  const { first, change } = await watch(t, undefined);
  t.same(routes(first), []);
  t.equal(first?.status.connected, false);
  t.same(routes(await change(GOOD)), ['shop a.org', 'blog b.org']);
});

t.test('an edit right after the start is noticed', async (t) => {
  const { change } = await watch(t, GOOD);
  t.same(routes(await change('services: { shop: { host: c.org } }')), ['shop c.org']);
});

t.test('a file that is just being written is not read by halves', async (t) => {
  const { path, clock, contributions, change } = await watch(t, GOOD);
  writeFileSync(path, '');
  await clock.advance(500);
  await eventually('it was looked at', () => clock.pending === 1);
  await change(GOOD.replace('a.org', 'c.org'));
  t.same(contributions.map(routes), [
    ['shop a.org', 'blog b.org'],
    ['shop c.org', 'blog b.org'],
  ]);
});

t.test('a path that cannot be looked at is a file that cannot be read', async (t) => {
  const contributions: Contribution[] = [];
  const source = new FileSource({
    path: `${t.testdir({ file: '' })}/file/fairlead.yaml`,
    clock: new FakeClock(),
    log: silentLog(),
    readText,
  });
  source.watch((contribution) => contributions.push(contribution), AbortSignal.abort());
  t.match(contributions, [
    { claims: [], status: { connected: false, error: 'the file cannot be read: no such file' } },
  ]);
});

t.test('a file that does not change says nothing again', async (t) => {
  const { clock, contributions, change } = await watch(t, GOOD);
  await clock.advance(10_000);
  t.equal(contributions.length, 1);
  await change('services: {}');
  await clock.advance(500);
  await eventually('it was looked at again', () => clock.pending === 1);
  await clock.advance(500);
  await eventually('and again', () => clock.pending === 1);
  t.equal(contributions.length, 2);
});

t.test('once stopped, changes are not looked at any more', async (t) => {
  const { path, clock, contributions, stop } = await watch(t, GOOD);
  stop();
  t.equal(clock.pending, 0, 'no look is planned');
  writeFileSync(path, 'services: { shop: { host: c.org } }');
  await clock.advance(10_000);
  t.equal(contributions.length, 1);
});
