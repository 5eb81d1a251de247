import t from 'tap';
import { formatAddress, isLinkLocal } from '../../src/model/address.ts';

t.test('an IPv6 address is written in brackets, a name and an IPv4 address are not', async (t) => {
  t.equal(formatAddress({ host: '::1', port: 80 }), '[::1]:80');
  t.equal(formatAddress({ host: '127.0.0.1', port: 8080 }), '127.0.0.1:8080');
  t.equal(formatAddress({ host: 'localhost', port: 0 }), 'localhost:0');
});

t.test('the addresses of cloud metadata are link-local in all their forms', async (t) => {
  const linkLocal = ['169.254.169.254', '::ffff:169.254.169.254', '::FFFF:169.254.1.1', 'fe80::1', 'FEBF::1'];
  for (const address of linkLocal) t.equal(isLinkLocal(address), true, address);
  for (const address of ['169.255.0.1', '10.169.254.1', 'fec0::1', 'fe7f::1', '::1', 'fe80.example.org'])
    t.equal(isLinkLocal(address), false, address);
});
