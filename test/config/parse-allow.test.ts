import t from 'tap';
import { load, loadFile, mistakes } from '../support/load-options.ts';

const RULE = {
  text: 'project:shop host:*.Shop.example.org path:/api/ key:!priority',
  whoText: 'project:shop',
  who: [{ kind: 'project', pattern: 'shop' }],
  isOpen: false,
  hosts: ['*.shop.example.org'],
  paths: ['/api'],
  services: [],
  keys: [],
  without: ['priority'],
};

t.test('rules are the same as a flag, a variable and a list of the file', async (t) => {
  const other = 'image:acme/* network:edge service:blog';
  const both = [RULE, { text: other, hosts: [], services: ['blog'], isOpen: false }];
  t.match(load({ args: ['--allow', `${RULE.text}, ${other}`] }).options.allow, both);
  t.match(load({ env: { FAIRLEAD_ALLOW: `${RULE.text};\n${other}\n` } }).options.allow, both);
  t.match(loadFile(`allow:\n  - ${RULE.text}\n  - ${other}\n`).options.allow, both);
});

t.test('without rules there are none, and a rule of no host and no service is for all of them', async (t) => {
  t.same(load({}).options.allow, []);
  t.match(load({ args: ['--allow', 'label:edge=public'] }).options.allow, [{ isOpen: true }]);
});

t.test('everything that is wrong with rules is told at once, with what was meant', async (t) => {
  const text =
    'projct:shop host:a.org, image:x host:http://a.org key:!priorty, shop, path:/x, key:host, network:';
  const [sentence = ''] = mistakes(load({ args: ['--allow', text] }));
  for (const part of [
    /^--allow: allow rule "projct:shop host:a.org": "projct:shop" is none of project: .*; did you mean project:\?/,
    /host: wants hosts such as .* \(leave out the scheme\)/,
    /key:!priorty is not a known key; did you mean priority\?/,
    /rule "shop": "shop" is none of/,
    /rule "path:\/x": path: needs a host: to belong to/,
    /key:host says nothing; what may be routed is said by host:, path: and service:/,
    /network: needs a value/,
  ])
    t.match(sentence, part);
});

t.test('an empty list of rules is refused: it may mean everything or nothing', async (t) => {
  t.match(mistakes(loadFile('allow: []')), [/allow wants rules such as/]);
});
