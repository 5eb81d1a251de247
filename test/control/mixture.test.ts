import t from 'tap';
import { programOf } from '../../src/control/discovery/program.ts';
import { formatProblem } from '../../src/model/problem.ts';
import { type ClaimParts, makeClaim, makeContribution, mergeContributions } from '../support/claims.ts';
import { makeContainer } from '../support/fake-engine.ts';

/** A container of a service of Compose. */
const run = (name: string, repository: string, deployedAs: string, parts: ClaimParts = {}) =>
  makeClaim(name, { program: { repository, deployedAs }, ...parts });

function told(...claims: readonly ReturnType<typeof makeClaim>[]): string[] {
  const { problems } = mergeContributions([makeContribution(claims)]);
  return problems.map((problem) => `${problem.severity}: ${formatProblem(problem)}`);
}

const WEB = run('web', 'nginx', 'shop/web', { createdAt: 1 });
const BLOG = run('blog', 'wordpress', 'shop/blog', { createdAt: 2 });

t.test('two programs that share a host by a copied label are a notice, in any order', async (t) => {
  const notice =
    'notice: blog: host: shop.org is served by containers of 2 images: nginx, wordpress (Compose: shop/blog, shop/web) (if that is not meant, one label is wrong; if it is, fairlead.service=NAME on all of them says so)';
  t.strictSame(told(WEB, BLOG), [notice]);
  t.strictSame(told(BLOG, WEB), [notice]);
});

t.test('replicas, other tags and other services of one image share a host without a word', async (t) => {
  t.strictSame(told(WEB, run('web-2', 'nginx', 'shop/web')), []);
  t.strictSame(told(WEB, run('green', 'nginx', 'shop/green')), []);
  t.strictSame(
    told(WEB, run('web-2', 'registry:5000/nginx', 'shop/web')),
    [],
    'nor one that moves to a registry',
  );
});

t.test('who names the service means it', async (t) => {
  const parts = { service: 'shop' };
  t.strictSame(told(run('a', 'nginx', 'x/a', parts), run('b', 'wordpress', 'x/b', parts)), []);
});

t.test('what does not serve, or whose image has no name, is no second program', async (t) => {
  t.strictSame(told(WEB, run('blog', 'wordpress', 'shop/blog', { serves: false })), []);
  t.strictSame(told(WEB, makeClaim('plain')), []);
});

t.test('a thousand programs are one notice of bounded size', async (t) => {
  const many = Array.from({ length: 1_000 }, (_, i) =>
    run(`c${i}`, `image-${i}`, `p/${'s'.repeat(10_000)}${i}`),
  );
  const [notice = '', ...more] = told(...many);
  t.strictSame(more, []);
  t.ok(notice.length < 1_200, `${notice.length}`);
});

t.test('a program is the name of its image and its service of Compose', async (t) => {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
  const of = (image: string) => programOf(makeContainer({ image, labels }))?.repository;
  t.strictSame(
    ['nginx', 'nginx:1.29', 'docker.io/library/nginx@sha256:abc', 'reg:5000/a/nginx:1', 'reg:5000/nginx'].map(
      of,
    ),
    ['nginx', 'nginx', 'nginx', 'reg:5000/a/nginx', 'reg:5000/nginx'],
  );
  t.equal(of('sha256:0123456789abcdef'), undefined, 'an id is no name');
  t.equal(of('0123456789ab'), undefined);
  t.equal(programOf(makeContainer({ image: 'nginx' })), undefined, 'nor is it known without Compose');
});
