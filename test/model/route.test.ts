import t from 'tap';
import { routeName } from '../../src/model/route.ts';

t.test('a route is called by its host, and by its path unless that is every path', async (t) => {
  t.equal(routeName({ host: 'shop.localhost', path: '/' }), 'shop.localhost');
  t.equal(routeName({ host: 'shop.localhost', path: '/api' }), 'shop.localhost/api');
  t.equal(routeName({ host: '*', path: '/' }), '*');
});
