import t, { type Test } from 'tap';
import { runCli } from '../support/cli.ts';

/** Checks the files of a folder that has these. */
function check(t: Test, files: Record<string, string | Record<string, string>>) {
  const names = Object.keys(files).filter((name) => name.endsWith('.yaml'));
  return runCli(['check', ...names], { cwd: t.testdir(files) });
}

const CONFIG = `pages: pages
services:
  shop:
    host: shop.localhost
    backends: [http://10.0.0.5:8080, http://10.0.0.6:8080]
    fallback: service:statik, page:sorry.html
    errors: 5xx:page:ops.html
  static:
    backends: [http://10.0.0.7:8080]
    fallback: page:oops.html
`;

const COMPOSE = `services:
  shop:
    image: my/shop
    labels:
      fairlead.host: shop.localhost
      fairlead.fallback: service:blog.localhots, page:oops.html
      fairlead.errors: 404:page:none.html
  blog:
    image: my/blog
    labels: ["fairlead.host=blog.localhost", "fairlead.fallback=service:elsewhere"]
`;

t.test('check tells of a configuration which pages and services are not there, once each', async (t) => {
  const { code, stderr } = await check(t, { 'fairlead.yaml': CONFIG, pages: { 'oops.html': '' } });
  t.equal(code, 0, 'they may come from elsewhere, or later');
  t.strictSame(stderr.trim().split('\n'), [
    'fairlead.yaml: services.shop.fallback: notice: there is no page sorry.html in pages (see pages)',
    'fairlead.yaml: services.shop.errors: notice: there is no page ops.html in pages (did you mean oops.html?)',
    'fairlead.yaml: services.shop.fallback: notice: names service statik, which this file does not have (did you mean static?)',
  ]);
});

t.test(
  'check tells the same of a compose file, of pages where a configuration says which there are',
  async (t) => {
    const alone = await check(t, { 'compose.yaml': COMPOSE });
    t.strictSame(alone.stderr.trim().split('\n'), [
      'compose.yaml:6: notice: fairlead.fallback names service blog.localhots, which this file does not have (did you mean blog.localhost?)',
      'compose.yaml:10: notice: fairlead.fallback names service elsewhere, which this file does not have (well, if another project or file has it)',
    ]);
    const config = 'pages: pages\n';
    const both = await check(t, {
      'fairlead.yaml': config,
      'compose.yaml': COMPOSE,
      pages: { 'oops.html': '' },
    });
    t.match(both.stderr, 'compose.yaml:7: notice: fairlead.errors names page none.html, which is not there');
    t.notMatch(both.stderr, 'oops.html, which');
  },
);

t.test('check tells that a redirect to https has no effect, in either kind of file', async (t) => {
  const { code, stderr } = await check(t, {
    'fairlead.yaml':
      'services:\n  shop: { host: shop.localhost, redirect: https, backends: [http://10.0.0.5:8080] }\n',
    'compose.yaml':
      'services:\n  shop:\n    image: my/shop\n    labels: ["fairlead.host=shop.localhost", "fairlead.redirect=https"]\n',
  });
  t.equal(code, 0);
  const told = 'notice: has no effect, since Fairlead listens nowhere by https';
  t.match(stderr, `fairlead.yaml: services.shop.redirect: ${told}`);
  t.match(
    stderr,
    /compose\.yaml:\d+(?::\d+)?: notice: fairlead\.redirect has no effect, since Fairlead listens nowhere by https/,
  );
});
