import t from 'tap';
import { alarmAt, renewalAt } from '../../../src/control/certificates/due.ts';

const DAY = 86_400_000;

t.test(
  'a certificate is renewed when a third of its life is left, one of few days when half of it is',
  async (t) => {
    t.equal(renewalAt({ notBefore: 0, notAfter: 90 * DAY }), 60 * DAY);
    t.equal(renewalAt({ notBefore: 0, notAfter: 6 * DAY }), 3 * DAY);
  },
);

t.test('people hear of one of which a tenth is left', async (t) => {
  t.equal(alarmAt({ notBefore: 0, notAfter: 90 * DAY }), 81 * DAY);
});
