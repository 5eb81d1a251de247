import { chmod } from 'node:fs/promises';
import type { Test } from 'tap';
import { docker } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { type LoadOptions, type LoadResult, startLoad } from '../../support/load.ts';
import { readReceived, receivedTwice } from '../../support/received.ts';
import { type ClaimContext, type Fleet, startFleet } from './fleet.ts';

/** Requests in a second. */
const RATE = 200;

/** Short forms of `npm run faults`: what goes wrong under load, and what clients notice. */
export function faultClaims(t: Test, context: ClaimContext): void {
  for (const [name, command, undo] of [
    ['is paused', ['pause'], ['unpause']],
    ['hangs, and nobody says so,', ['kill', '-s', 'STOP'], ['kill', '-s', 'CONT']],
  ] as const) {
    t.test(`when a container ${name} every GET is answered while it still does`, async (t) => {
      const fleet = await startFleet(t, context);
      const [first = ''] = await fleet.addAll(3);
      const { failures, sent } = await underLoad(fleet, {}, () => docker(...command, first));
      // The load has ended, so nothing waits for it.
      t.same(failures, [], `none of ${sent} requests failed`);
      await docker(...undo, first);
      await eventually('it serves again', async () => (await fleet.tally(6)).has(first));
    });
  }

  t.test(
    'when a container is killed POSTs fail only if it had them, and none is executed twice',
    async (t) => {
      const fleet = await startFleet(t, context);
      const [names, folder] = await addWriting(t, fleet, 3);
      let knownAt = 0;
      const { outcomes } = await underLoad(fleet, { method: 'POST' }, async () => {
        await docker('kill', names[0] as string);
        await fleet.available(names.slice(1));
        knownAt = Date.now();
      });
      const late = outcomes.filter(({ failure, dueAt }) => failure !== undefined && dueAt > knownAt);
      t.same(late, [], 'none failed once it was known');
      t.same(receivedTwice(await readReceived(folder)), []);
    },
  );

  t.test(
    'when all containers are restarted in turn no GET and no POST is lost, or executed twice',
    async (t) => {
      const fleet = await startFleet(t, context);
      // As an application does that takes a moment to leave.
      const [names, folder] = await addWriting(t, fleet, 3, { STOP_DELAY: '300' });
      const restartAll = async () => {
        for (const name of names) {
          await docker('restart', name);
          await fleet.available(names);
        }
      };
      const origin = fleet.fairlead.origin;
      const posts = startLoad(origin, { host: fleet.host, rate: RATE / 2, method: 'POST' });
      const gets = await underLoad(fleet, { rate: RATE / 2 }, restartAll);
      const results = [gets, await posts.stop()];
      for (const { failures, sent } of results) t.same(failures, [], `none of ${sent} requests failed`);
      const twice = receivedTwice(await readReceived(folder)).filter((id) => id.startsWith('POST'));
      t.same(twice, []);
    },
  );

  t.test('when a container answers 503 for a while no GET is lost with retry.on=5xx', async (t) => {
    const fleet = await startFleet(t, context);
    const names = await fleet.addAll(3, { 'fairlead.retry.on': 'connect,reset,timeout,5xx' });
    const { failures, answers, sent } = await underLoad(fleet, {}, () =>
      tell(names[0] as string, 'unavailable'),
    );
    t.same(failures, [], `none of ${sent} requests failed`);
    t.ok(answers.get(names[0] as string), 'it had served before');
    await tell(names[0] as string, 'none');
    await eventually('it serves again', async () => (await fleet.tally(6)).has(names[0] as string));
  });

  t.test('when each reused connection to the containers dies no GET is lost', async (t) => {
    const fleet = await startFleet(t, context);
    const names = await fleet.addAll(3, {}, { FAULT: 'second-request-dies' });
    const { failures, answers, sent } = await underLoad(fleet, {}, async () => {});
    t.same(failures, [], `none of ${sent} requests failed`);
    t.same([...answers.keys()].sort(), [...names].sort(), 'and nobody is blamed: all serve');
  });
}

/** Load for two seconds, and for as long as what happens after the first takes; ends when all is answered. */
async function underLoad(
  fleet: Fleet,
  options: Partial<LoadOptions>,
  happening: () => Promise<unknown>,
): Promise<LoadResult> {
  const all = { host: fleet.host, rate: RATE, ...options };
  const load = startLoad(fleet.fairlead.origin, all);
  await load.sent(all.rate);
  await happening();
  await load.sent(all.rate * 2);
  return load.stop();
}

/** Containers that write down which requests they receive, in a folder that outlives them. */
async function addWriting(t: Test, fleet: Fleet, count: number, env = {}): Promise<[string[], string]> {
  const folder = t.testdir({});
  await chmod(folder, 0o777);
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const all = { RECEIVED: '/received', ...env };
    names.push(await fleet.add({}, { args: ['-v', `${folder}:/received`], env: all }));
  }
  await fleet.available(names);
  return [names, folder];
}

/** Sets what goes wrong in a container, behind Fairlead's back. */
async function tell(name: string, fault: string): Promise<void> {
  const address = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', name);
  await (await fetch(`http://${address}:8080/fault?name=${fault}`)).text();
}
