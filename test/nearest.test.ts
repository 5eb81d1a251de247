import t from 'tap';
import { didYouMean, nearest, suggestion } from '../src/nearest.ts';

t.test('a slip of the pen finds what was meant', async (t) => {
  for (const [word, meant, ...others] of [
    ['chekc', 'check', 'explain', 'status'],
    ['grase', 'grace', 'pages'],
    ['nu-ngin', 'my-nginx', 'my-app', 'nginx-exporter-of-old'],
    ['hots', 'host', 'hsts'],
    ['ACCES-LOG', 'access-log', 'log-level'],
  ] as const)
    t.equal(nearest(word, [...others, meant]), meant, word);
});

t.test('a part of a name finds the shortest that has it, after all that is only misspelt', async (t) => {
  t.equal(nearest('nginx', ['shop_nginx_1', 'nginx-1', 'web']), 'nginx-1');
  t.equal(nearest('shop', ['my-shop-of-shops', 'shap']), 'shap');
});

t.test('what has little in common with all of them finds none', async (t) => {
  t.equal(nearest('json', ['http', 'grace', 'pages']), undefined);
  t.equal(
    nearest('ps', ['up', 'no', 'pages']),
    undefined,
    'two letters have too much in common with too many',
  );
  t.equal(nearest('', ['http']), undefined);
  t.equal(nearest('x', []), undefined);
  t.equal(nearest('a'.repeat(1_000_000), ['a'.repeat(1_000_000)]), undefined, 'nor does a megabyte');
});

t.test('strangers may have as many names as they like: the first thousand are compared', async (t) => {
  let asked = 0;
  const names = (function* () {
    for (; ; asked++) yield `name-${asked}`;
  })();
  t.equal(nearest('nmae-7', names), 'name-7');
  t.equal(asked, 1_000);
  t.equal(nearest('shop', ['x'.repeat(65), 'shpo']), 'shpo', 'one that is too long is passed over');
});

t.test('as a question, or as the end of a sentence, it is there or not', async (t) => {
  t.equal(didYouMean('grase', ['grace'], '--'), 'did you mean --grace?');
  t.equal(didYouMean('json', ['http']), undefined);
  t.equal(suggestion('grase', ['grace'], '--'), '; did you mean --grace?');
  t.equal(suggestion('json', ['http'], '--'), '');
});
