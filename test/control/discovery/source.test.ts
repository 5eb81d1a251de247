import t from 'tap';
import { type Source, sourceWith } from '../../../src/control/discovery/source.ts';
import { internalErrors } from '../../../src/telemetry/internal-errors.ts';

const watch = () => {};
const broken = (): never => {
  throw new Error('injected');
};

t.test('what is put before a source leaves its name, and what it explains', async (t) => {
  const explained = { reports: [], names: ['web'] };
  const source: Source = { name: 'docker', watch: broken, explain: () => explained };
  const wrapped = sourceWith(source, watch);
  t.match(wrapped, { name: 'docker', watch });
  t.equal(wrapped.explain?.('web'), explained);
});

t.test('a source that explains nothing, or breaks over it, is one that does not know', async (t) => {
  const before = internalErrors.counts['source'] ?? 0;
  const explain = (source: Source) => sourceWith(source, watch).explain?.('web');
  t.strictSame(explain({ name: 'file', watch }), { reports: [], names: [] });
  t.equal(internalErrors.counts['source'] ?? 0, before);
  t.strictSame(explain({ name: 'bad', watch, explain: broken }), { reports: [], names: [] });
  t.equal(internalErrors.counts['source'], before + 1);
});
