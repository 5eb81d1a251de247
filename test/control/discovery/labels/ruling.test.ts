import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { parseAllow } from '../../../../src/config/parse-allow.ts';
import { reportContainer } from '../../../../src/control/discovery/docker/claims.ts';
import { formatProblem } from '../../../../src/model/problem.ts';
import { routeName } from '../../../../src/model/route.ts';
import { makeContainer } from '../../../support/fake-engine.ts';

/**
 * Rules and a container in, what it may claim out: each file is named by its claim and holds a rule a line, an empty line,
 * what the container is (`image=…`, `name=…`, `network=…`, labels), a line of dashes, and the expected output.
 * `UPDATE_GOLDEN=1` rewrites the outputs; read the difference before you keep it.
 */
const FOLDER = new URL('../../../fixtures/allow/', import.meta.url);
const RULE = '----------\n';

function print(input: string): string {
  const [rules = '', lines = ''] = input.split('\n\n');
  const labels: Record<string, string> = {};
  const parts: Record<string, string> = { name: 'web-1', image: 'nginx', network: 'bridge' };
  for (const line of lines.split('\n')) {
    const equals = line.indexOf('=');
    const [key, value] = [line.slice(0, equals), line.slice(equals + 1)];
    if (key in parts) parts[key] = value;
    else if (equals !== -1) labels[key] = value;
  }
  const { name = '', image = '', network = '' } = parts;
  const networks = [{ name: network, id: 'net', address: '172.18.0.2' }];
  const { ignored, services, problems } = reportContainer(makeContainer({ name, image, networks, labels }), {
    source: 'docker',
    reach: { kind: 'host', drivers: new Map() },
    find: () => undefined,
    stopping: new Map(),
    deaths: new Map(),
    allow: parseAllow(rules),
  });
  const printed: string[] = ignored === undefined ? [] : [`ignored: ${ignored}`];
  for (const { name, claim, notes } of services) {
    printed.push(
      `service ${name === '' ? 'of its own' : name}${claim.serves ? '' : ', which serves nothing'}`,
    );
    if (claim.service !== undefined) printed.push(`  joins ${claim.service}`);
    for (const route of claim.routes)
      printed.push(`  has ${routeName(route)}${route.priority === 0 ? '' : ` priority ${route.priority}`}`);
    if (Object.keys(claim.settings).length > 0) printed.push(`  says ${JSON.stringify(claim.settings)}`);
    for (const note of notes) if (note.includes('allowed')) printed.push(`  note: ${note}`);
  }
  for (const problem of problems) printed.push(`${problem.severity}: ${formatProblem(problem)}`);
  return `${printed.join('\n')}\n`;
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))) {
  t.test(file.replace('.txt', '').replaceAll('-', ' '), async (t) => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    const [input = '', expected = ''] = text.split(RULE);
    const actual = print(input);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(new URL(file, FOLDER), input + RULE + actual);
    else t.equal(actual, expected);
  });
}
