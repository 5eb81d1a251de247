// What clients notice when something goes wrong with containers under load.
import t, { type Test } from 'tap';
import { testImage } from '../support/docker.ts';
import { startApp } from '../support/fairlead.ts';
import { faultClaims } from './claims/faults.ts';

const image = await testImage(t);
if (image !== undefined) {
  const start = (t: Test) => startApp(t, '--docker', 'unix:///var/run/docker.sock');
  faultClaims(t, { image, start });
}
