// What clients notice when a Fairlead with a real Engine is restarted.
import t from 'tap';
import { runContainer, testImage, uniqueName } from '../support/docker.ts';
import { restartUnderLoad } from '../support/restarts.ts';

const image = await testImage(t);
if (image !== undefined) {
  t.test('three restarts under 200 requests a second answer 200 or nothing, never 404 or 503', async (t) => {
    const host = `${uniqueName('start')}.localhost`;
    const options = { labels: { 'fairlead.host': host } };
    await Promise.all([runContainer(t, image, options), runContainer(t, image, options)]);
    const docker = 'unix:///var/run/docker.sock';
    const seen = await restartUnderLoad(t, { docker, host, restarts: 3 });
    t.comment(JSON.stringify(Object.fromEntries(seen)));
    t.ok((seen.get('200') ?? 0) >= 800);
    t.ok((seen.get('ECONNREFUSED') ?? 0) > 0, 'while nobody is there, or knows where to');
    // What waited to be accepted when it stopped is reset by the kernel.
    const others = [...seen.keys()].filter((one) => !['200', 'ECONNREFUSED', 'ECONNRESET'].includes(one));
    t.strictSame(others, []);
  });
}
