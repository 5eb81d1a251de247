// What containers notice of a Fairlead that asks their Engine over TLS.
import t from 'tap';
import { runContainer, testImage, uniqueName } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startApp } from '../support/fairlead.ts';
import { startTlsEngine } from '../support/tls-engine.ts';

const image = await testImage(t);
if (image !== undefined) {
  t.test('an Engine behind TLS is asked with the certificates of a folder', async (t) => {
    const engine = await startTlsEngine(t);
    const fairlead = await startApp(t, '--docker', engine.endpoint, '--docker-certs', engine.certs);
    const host = `${uniqueName('h')}.localhost`;
    const name = await runContainer(t, image, { labels: { 'fairlead.host': host } });
    t.ok(await eventually('it is routed', async () => (await fairlead.ask({ host })).body === name));
  });

  t.test('an Engine of another authority is not believed, and the reason is shown', async (t) => {
    const engine = await startTlsEngine(t);
    const fairlead = await startApp(t, '--docker', engine.endpoint, '--docker-certs', engine.foreignCerts);
    const source = await eventually('the source says so', async () =>
      (await fairlead.state()).sources.find(({ error }) => error !== undefined),
    );
    t.notOk(source.connected);
    t.match(source.error, /certificate/);
  });
}
