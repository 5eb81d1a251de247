import t from 'tap';
import { parseDockerFilter } from '../../src/config/docker-filter.ts';
import { load, loadFile, mistakes } from '../support/load-options.ts';

t.test('filters are written as docker ps --filter has them, with commas or as a list', async (t) => {
  t.strictSame(parseDockerFilter('label=stage=prod, network!=internal*'), [
    { text: 'label=stage=prod', kind: 'label', pattern: 'stage=prod', isNot: false },
    { text: 'network!=internal*', kind: 'network', pattern: 'internal*', isNot: true },
  ]);
  t.match(parseDockerFilter('name=shop-1'), [{ kind: 'container', pattern: 'shop-1' }]);
  t.match(parseDockerFilter('label=x!=y'), [{ isNot: false, pattern: 'x!=y' }]);
  const fromFile = loadFile('docker-filter: [label=stage=prod, project=shop]').options.dockerFilter;
  t.same(
    fromFile.map(({ text }) => text),
    ['label=stage=prod', 'project=shop'],
  );
});

t.test('a filter that is none is an error: nobody must be let in or left out by mistake', async (t) => {
  for (const bad of ['stage=prod', 'label', 'label=', 'health=healthy', 'label==', '=x', 'toString=x', ','])
    t.match(
      mistakes(load({ args: ['--docker-filter', bad] })),
      bad === 'label==' ? [] : [/wants filters such as/],
    );
});
