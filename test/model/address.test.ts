import t from 'tap';
import { formatAddress } from '../../src/model/address.ts';

t.test('an IPv6 address is written in brackets, a name and an IPv4 address are not', async (t) => {
  t.equal(formatAddress({ host: '::1', port: 80 }), '[::1]:80');
  t.equal(formatAddress({ host: '127.0.0.1', port: 8080 }), '127.0.0.1:8080');
  t.equal(formatAddress({ host: 'localhost', port: 0 }), 'localhost:0');
});
