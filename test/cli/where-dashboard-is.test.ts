import t from 'tap';
import { whereDashboardIs } from '../../src/cli/where-dashboard-is.ts';

t.test('the log names a URL of the dashboard only where it can be opened', async (t) => {
  const loopback = { host: '127.0.0.1', port: 9900 };
  t.equal(whereDashboardIs(undefined, true), 'off');
  t.equal(whereDashboardIs(loopback, false), 'http://127.0.0.1:9900/');
  const within = whereDashboardIs(loopback, true);
  t.notMatch(within, 'http://');
  t.match(
    within,
    /^on 127\.0\.0\.1:9900 within this container only .*-p 127\.0\.0\.1:9900:9900 .*FAIRLEAD_ADMIN=:9900/,
  );
  t.match(whereDashboardIs({ host: 'fairlead-admin', port: 9900 }, true), /^on fairlead-admin:9900 of this/);
  t.match(whereDashboardIs({ host: '::1', port: 1 }, true), /^on \[::1\]:1 within/);
});
