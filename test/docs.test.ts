import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { referencePage } from '../docs/reference.ts';
import { parseConfigFile } from '../src/config/config-yaml.ts';
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

t.test('the example files are valid, and the pages that they name are there', async (t) => {
  const read = (name: string) => readFileSync(join(PROJECT, 'config', name), 'utf8');
  const example = read('fairlead.example.yaml');
  t.same(
    loadOptions({ args: ['--config', 'x'], env: {}, readFile: () => example, parseFile: parseConfigFile })
      .errors,
    [],
  );
  const { services, problems } = parseServicesFile('x', example, 0);
  t.same([...problems, ...services.flatMap((service) => service.problems)], []);
  t.same(parseComposeFile('compose.yaml', read('compose.yaml'), {}), { services: 2, problems: [] });
  for (const [, page = ''] of (example + read('compose.yaml')).matchAll(/page:([\w.-]+)/g))
    t.ok(existsSync(join(PROJECT, 'config/pages', page)), page);
});

interface ComposeFile {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly networks:
          | readonly string[]
          | Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>;
        readonly environment?: Readonly<Record<string, string>>;
        readonly volumes?: readonly string[];
        readonly ports?: readonly string[];
      }
    >
  >;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

t.test(
  'in the compose file no service reaches the admin address, and only the filter the socket',
  async (t) => {
    const { services, networks }: ComposeFile = parse(
      readFileSync(join(PROJECT, 'config/compose.yaml'), 'utf8'),
    );
    const { environment, ports, networks: joined = {} } = services['fairlead'] ?? {};
    const [host = '', port] = environment?.['FAIRLEAD_ADMIN']?.split(':') ?? [];
    t.same(
      ports?.filter((one) => one.endsWith(`:${port}`)),
      [`127.0.0.1:${port}:${port}`],
    );
    // It listens where its name leads to, which is on one network.
    const own = Object.entries(joined).filter(([, network]) => network?.aliases?.includes(host));
    t.equal(own.length, 1);
    const [admin = ''] = own[0] ?? [];
    const on = (network: string) =>
      Object.entries(services)
        .filter(([, service]) =>
          [service.networks]
            .flatMap((all) => (Array.isArray(all) ? all : Object.keys(all)))
            .includes(network),
        )
        .map(([name]) => name);
    t.same(on(admin), ['fairlead']);
    t.same(on('socket'), ['fairlead', 'docker-socket']);
    t.equal(networks['socket']?.internal, true);
    t.equal(Object.keys(networks).sort()[0], admin, 'published ports lead to it');
    const withSocket = Object.entries(services).filter(([, { volumes }]) =>
      volumes?.join().includes('docker.sock'),
    );
    t.same(
      withSocket.map(([name]) => name),
      ['docker-socket'],
    );
  },
);

t.test('the compose file has no token that others know, and does not start without one', async (t) => {
  const { services }: ComposeFile = parse(readFileSync(join(PROJECT, 'config/compose.yaml'), 'utf8'));
  const token = services['fairlead']?.environment?.['FAIRLEAD_ADMIN_TOKEN'];
  // What Compose makes an error of when it is unset or empty.
  t.match(token, /^\$\{FAIRLEAD_ADMIN_TOKEN:\?[^}]+\}$/);
});
