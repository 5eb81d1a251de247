import { readFileSync } from 'node:fs';
import t from 'tap';
import { schemaText } from '../../docs/schema.ts';

const FILE = new URL('../../config/fairlead.schema.json', import.meta.url);

t.test('the schema is what the tables say', async (t) => {
  t.equal(readFileSync(FILE, 'utf8'), schemaText(), 'npm run docs writes it');
});
