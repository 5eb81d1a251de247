// What containers notice of a Fairlead that runs on the host.
import t, { type Test } from 'tap';
import { testImage } from '../support/docker.ts';
import { type FairleadEngine, startApp } from '../support/fairlead.ts';
import { daemonClaims } from './claims/daemon.ts';
import { discoveryClaims, hostNetworkClaims } from './claims/discovery.ts';
import { failureClaims } from './claims/failures.ts';
import { sidecarClaims } from './claims/sidecars.ts';
import { trafficClaims } from './claims/traffic.ts';

const image = await testImage(t);
if (image !== undefined) {
  const context = {
    image,
    start: (t: Test, engine?: FairleadEngine) =>
      startApp(t, '--docker', engine?.endpoint ?? 'unix:///var/run/docker.sock'),
  };
  discoveryClaims(t, context);
  hostNetworkClaims(t, context);
  sidecarClaims(t, context);
  trafficClaims(t, context);
  failureClaims(t, context);
  daemonClaims(t, context, [image]);
}
