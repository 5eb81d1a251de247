import t from 'tap';
import { parseAllow } from '../../../../src/config/parse-allow.ts';
import { settle } from '../../../support/clock.ts';
import { followEngine } from '../../../support/docker-source.ts';
import { makeEntry } from '../../../support/fake-engine.ts';

t.test(
  'other rules of who may claim what hold at once for all that is there, and can be taken back',
  async (t) => {
    const { engine, source, serving } = await followEngine(t, (engine) => {
      engine.entries = [makeEntry({ id: 'a' }), makeEntry({ id: 'b' })];
    });
    const asked = engine.questions.length;
    source.judgeBy(parseAllow('container:shop-b'));
    t.same(serving(), ['shop-b']);
    source.judgeBy([]);
    t.same(serving(), ['shop-a', 'shop-b']);
    t.equal(engine.questions.length, asked, 'Docker is not asked again');
  },
);

t.test('rules that change before Docker has answered say nothing in its place', async (t) => {
  const { contributions, source, engine } = await followEngine(t, (engine) => {
    engine.failure = new Error('not yet');
  });
  const before = contributions.filter(({ status }) => status.connected).length;
  source.judgeBy(parseAllow('container:shop-b'));
  await settle();
  t.equal(contributions.filter(({ status }) => status.connected).length, before);
  t.ok(engine);
});
