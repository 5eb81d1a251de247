import t from 'tap';
import { type IpRange, isPublic, isWithin, parseIp, parseIpRange } from '../../src/model/ip.ts';

const isPublicText = (text: string) => {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(`${text} is no address`);
  return isPublic(ip);
};

t.test('an address is read in every form that it is written in, and nothing else is one', async (t) => {
  const same = ['::ffff:1.2.3.4', '::FFFF:102:304', '0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4', '::ffff:0102:0304'];
  for (const text of same) t.strictSame(parseIp(text), parseIp('1.2.3.4'), text);
  t.strictSame(parseIp('fe80::1%eth0'), parseIp('fe80:0:0:0:0:0:0:1'));
  t.strictSame(parseIp('::'), new Array(16).fill(0));
  t.strictSame(parseIp('1::'), [0, 1, ...new Array(14).fill(0)]);
  const none = [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '::g',
  ];
  const more = [
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    '::1.2.3',
    '1.2.3.4::',
    ':1:2:3:4:5:6:7:8',
  ];
  for (const text of [...none, ...more]) t.equal(parseIp(text), undefined, text);
});

t.test('a range holds the addresses with its first bits', async (t) => {
  const isIn = (ip: string, range: string) =>
    isWithin(parseIp(ip) as number[], parseIpRange(range) as IpRange);
  t.equal(isIn('172.31.255.255', '172.16.0.0/12'), true);
  t.equal(isIn('172.32.0.0', '172.16.0.0/12'), false);
  t.equal(isIn('fdff::1', 'fc00::/7'), true);
  t.equal(isIn('fe00::1', 'fc00::/7'), false);
  t.equal(isIn('10.0.0.1', '10.0.0.1'), true);
  t.equal(isIn('10.0.0.2', '10.0.0.1'), false);
  t.equal(isIn('9.9.9.9', '0.0.0.0/0'), true);
  t.equal(isIn('2001::1', '0.0.0.0/0'), false, 'all of IPv4 is not IPv6');
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0/8', '10.0.0.0/8/8'])
    t.equal(parseIpRange(text), undefined, text);
});

t.test('only addresses of the public internet are public, in whichever form they come', async (t) => {
  const loopback = ['127.0.0.1', '127.255.0.1', '::1', '0.0.0.0', '0.1.2.3', '::', '::127.0.0.1'];
  const local = [
    '10.1.2.3',
    '172.16.0.1',
    '172.31.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.1.1',
    'fe80::1',
  ];
  const others = ['fc00::1', 'fdff::1', '224.0.0.1', 'ff02::1', '255.255.255.255', '240.0.0.1', 'fec0::1'];
  const metadata = ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'];
  const carried = ['::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe'];
  const tunnels = ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2001:0:1::1', '64:ff9b:1::1', '2001:db8::1'];
  for (const text of [...loopback, ...local, ...others, ...metadata, ...carried, ...tunnels])
    t.equal(isPublicText(text), false, text);
  const open = [
    '1.1.1.1',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '169.253.0.1',
    '169.255.0.1',
  ];
  for (const text of [...open, '2606:4700::1111', '::ffff:1.1.1.1', '64:ff9b::1.1.1.1', '2002:101:101::'])
    t.equal(isPublicText(text), true, text);
});
