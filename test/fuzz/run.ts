// Looks for inputs that break what codec, data plane and discovery promise, for as long as asked:
// npm run fuzz -- --minutes 10 [--seed 1] [--only PART OF A NAME]
import { parseArgs } from 'node:util';
import t from 'tap';
import { PROPERTIES } from './properties.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    only: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed);
const names = Object.keys(PROPERTIES).filter((name) => name.includes(values.only));
const ms = (Number(values.minutes) * 60_000) / names.length;

t.setTimeout(0);
for (const name of names) {
  t.test(`${name}, seed ${seed}`, { timeout: 0 }, async (t) => {
    const { inputs, failure } = await PROPERTIES[name as keyof typeof PROPERTIES](t, { seed, ms });
    t.equal(failure, '', `${inputs} inputs`);
  });
}
