import t from 'tap';
import { ControlPlane } from '../../src/control/control-plane.ts';
import type { Contribution } from '../../src/model/contribution.ts';
import { makeClaim, makeContribution } from '../support/claims.ts';
import { FakeClock } from '../support/clock.ts';

t.test('routes are ready once a source has told all that it knew at first, and stay so', async (t) => {
  let publish: (contribution: Contribution) => void = () => {};
  const source = {
    name: 'docker',
    watch(to: typeof publish) {
      publish = to;
    },
  };
  const probe = async () => ({ isPass: true, reason: '' });
  const control = new ControlPlane([source], new FakeClock(), probe);
  t.teardown(() => control.stop());
  control.start();
  const claims = [makeClaim('a'), makeClaim('b')];
  publish({ ...makeContribution(claims.slice(1)), isPartial: true });
  t.notOk(control.isReady);
  publish(makeContribution(claims));
  t.ok(control.isReady);
  publish({ ...makeContribution(claims.slice(1)), isPartial: true });
  t.ok(control.isReady);
});
