import t from 'tap';
import { PROPERTIES } from './properties.ts';

// A bounded run, the same each time; `npm run fuzz` goes on for as long as it is told.
const EXTENTS = {
  requests: 25_000,
  responses: 20_000,
  labels: 2_000,
  'requests through the proxy': 2_400,
  'responses through the proxy': 2_400,
  'answers of an Engine': 320,
} as const;

for (const [name, inputs] of Object.entries(EXTENTS)) {
  t.test(`${inputs} mutated inputs: ${name}`, async (t) => {
    const outcome = await PROPERTIES[name as keyof typeof EXTENTS](t, { seed: 9_112, inputs });
    t.equal(outcome.failure, '');
    t.ok(outcome.inputs >= inputs);
  });
}
