import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { connectEngine } from '../../../../src/control/discovery/docker/engine.ts';
import { startEngineServer } from '../../../support/engine-server.ts';

const CONFIG = fileURLToPath(new URL('../../../../config/docker-filter.cfg', import.meta.url));
const ID = '0123456789abcdef'.repeat(4);

/** What the filter lets through, and what it would if a comment were removed. */
function allowed(isOn: boolean): RegExp[] {
  const lines = readFileSync(CONFIG, 'utf8').matchAll(/^ *(# )?acl asked url -m reg (\S+)$/gm);
  return [...lines]
    .filter(([, off]) => (off === undefined) === isOn)
    .map(([, , text = '']) => new RegExp(text));
}

t.test('the filter of the compose file knows each question that is asked, and no other', async (t) => {
  const server = await startEngineServer(t, 'tcp', {
    version: { Version: '24.0.1', ApiVersion: '1.43', MinAPIVersion: '1.12' },
    containers: [],
    networks: [],
    inspect: { Config: {} },
  });
  const engine = connectEngine(server.endpoint, undefined);
  await engine.negotiate();
  await engine.containers([ID]);
  await engine.networkDrivers();
  const stream = new AbortController();
  await engine
    .events(
      () => {},
      () => stream.abort(),
      stream.signal,
    )
    .catch(() => {});
  const paths = () => server.requests.map((request) => request.replace(/^GET /, ''));
  t.same(paths().sort(), ['/v1.43/containers/json', '/v1.43/events', '/v1.43/networks', '/version']);
  for (const path of paths())
    t.ok(
      allowed(true).some((one) => one.test(path)),
      path,
    );
  await engine.stopBehaviour(ID);
  const inspection = paths().at(-1) ?? '';
  t.notOk(
    allowed(true).some((one) => one.test(inspection)),
    'it shows the environment',
  );
  t.ok(
    allowed(false).some((one) => one.test(inspection)),
    'and can be allowed',
  );
});
