import { readFileSync } from 'node:fs';
import t from 'tap';
import { REQUEST_CASES } from '../cases/index.ts';
import { conformancePage, UNEXPLAINED } from './page.ts';

const PAGE = readFileSync(new URL('../../../../docs/conformance.md', import.meta.url), 'utf8');
const same = REQUEST_CASES.map(() => ({ isSame: true, text: '' }));

t.test('the page that is kept is of the cases that there are, and explains every difference', async (t) => {
  t.match(PAGE, `The ${REQUEST_CASES.length} requests of`, 'npm run conformance writes it');
  for (const topic of new Set(REQUEST_CASES.map((one) => one.topic))) t.match(PAGE, `\n| ${topic} | `, topic);
  t.notMatch(PAGE, UNEXPLAINED);
});

t.test('a difference that nobody has looked into is shown as such', async (t) => {
  const found = same.map((one, i) => (i === 0 ? { isSame: false, text: 'forwards | a\x00b' } : one));
  const us = { name: 'fairlead', version: '', found: same };
  const page = conformancePage(REQUEST_CASES, [us, { name: 'other', version: '1.2.3', found }]);
  t.match(page, UNEXPLAINED);
  t.match(page, '| forwards \\| a\\\\x00b |');
  t.notMatch(conformancePage(REQUEST_CASES, [us, { ...us, name: 'other' }]), UNEXPLAINED);
});
