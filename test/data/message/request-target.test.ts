import t from 'tap';
import { isAuthority } from '../../../src/data/message/request-target.ts';
import { judgeRequest, requestHead } from '../../support/heads.ts';

t.test('an authority is a host of RFC 3986 with or without a port', async (t) => {
  const good = [
    'a',
    'A.b-c',
    'a.',
    'a:1',
    'a:65535',
    'a:00080',
    '1.2.3.4:80',
    'a%20b',
    "a_!$&'()*+;=~",
    '[::1]',
  ];
  for (const text of [...good, '[::ffff:1.2.3.4]:80', '[1:2:3:4:5:6:7:8]'])
    t.equal(isAuthority(text), true, text);
  const bad = [
    '',
    ':80',
    'a:',
    'a:65536',
    'a:123456',
    'a:b',
    'a,b',
    'a b',
    'a/b',
    'u@a',
    'a%',
    'a%4g',
    'a[b]',
    'é',
  ];
  const badAddresses = [
    '[]',
    '[1]',
    '[:::1]',
    '[1::2::3]',
    '[12345::]',
    '[::256.1.1.1]',
    '[::1',
    '::1',
    '[::1%251]',
    '[v1.a]',
  ];
  for (const text of [...bad, ...badAddresses]) t.equal(isAuthority(text), false, text);
});

t.test('CONNECT is not implemented in any form, whatever else is wrong', async (t) => {
  for (const target of ['a:443', '/x', '*', 'http://a/', 'x']) {
    t.equal(judgeRequest(`CONNECT ${target} HTTP/1.1\r\nHost: a\r\n\r\n`), 501, target);
  }
  t.equal(judgeRequest('CONNECT a:443 HTTP/1.1\r\n\r\n'), 501, 'without a Host');
});

t.test('the host of a URL stands for the Host header', async (t) => {
  const head = (target: string, host: string) =>
    requestHead(`GET ${target} HTTP/1.1\r\nA: b\r\nHost: ${host}\r\nC: d\r\n\r\n`);
  const anew = head('http://Shop.localhost/x', 'shop.localhost:80');
  t.match(anew, { host: 'Shop.localhost', hasHostField: false, target: '/x' });
  t.equal(anew.fields(), 'A: b\r\nC: d\r\n', 'which is left to be written anew');
  const same = head('http://shop.localhost/x', 'shop.localhost');
  t.match(same, { host: 'shop.localhost', hasHostField: true });
  t.equal(same.fields(), 'A: b\r\nHost: shop.localhost\r\nC: d\r\n');
});

t.test('only the port of the own scheme goes without saying', async (t) => {
  const status = (target: string, host: string) => {
    const verdict = judgeRequest(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return typeof verdict === 'number' ? verdict : 200;
  };
  t.equal(status('http://a/', 'a:80'), 200);
  t.equal(status('https://a:443/', 'a'), 200);
  t.equal(status('http://a/', 'a:443'), 400);
  t.equal(status('https://a/', 'a:80'), 400);
});
