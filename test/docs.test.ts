import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { referencePage } from '../docs/reference.ts';
import { loadOptions } from '../src/config/load.ts';
import { parseComposeFile } from '../src/control/discovery/file/compose.ts';
import { parseServicesFile } from '../src/control/discovery/file/parse.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

t.test('the reference page is what the tables say', async (t) => {
  t.equal(
    readFileSync(join(PROJECT, 'docs/reference.md'), 'utf8'),
    referencePage(),
    'npm run docs writes it',
  );
});

t.test('links between the documents lead somewhere', async (t) => {
  const pages = ['README.md', 'CONTRIBUTING.md'];
  for (const folder of ['docs', 'docs/decisions'])
    for (const name of readdirSync(join(PROJECT, folder)))
      if (name.endsWith('.md')) pages.push(`${folder}/${name}`);
  for (const page of pages) {
    const text = readFileSync(join(PROJECT, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      t.ok(existsSync(join(PROJECT, dirname(page), target)), `${page} → ${target}`);
  }
});

t.test('the example files are valid, and the pages that they name are there', async (t) => {
  const read = (name: string) => readFileSync(join(PROJECT, 'config', name), 'utf8');
  const example = read('fairlead.example.yaml');
  t.same(loadOptions({ args: ['--config', 'x'], env: {}, readFile: () => example }).errors, []);
  const { services, problems } = parseServicesFile('x', example, 0);
  t.same([...problems, ...services.flatMap((service) => service.problems)], []);
  t.same(parseComposeFile('compose.yaml', read('compose.yaml'), {}), { services: 2, problems: [] });
  for (const [, page = ''] of (example + read('compose.yaml')).matchAll(/page:([\w.-]+)/g))
    t.ok(existsSync(join(PROJECT, 'config/pages', page)), page);
});
