import { statSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import t from 'tap';
import { idsOfMounts, isThisMachine, nearness } from '../../../../src/control/discovery/docker/self.ts';
import { FakeClock } from '../../../support/clock.ts';
import { containerId } from '../../../support/fake-engine.ts';

t.test('the loopback and every own address are this machine', async (t) => {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', ...own.map(({ address }) => address)])
    t.ok(isThisMachine(host), host);
});

t.test('another address is not this machine', async (t) => {
  for (const host of ['192.0.2.1', '2001:db8::1', 'docker.example.org', ''])
    t.notOk(isThisMachine(host), host);
});

const ID = containerId('abc');

t.test('its own container is known by what is mounted for it', async (t) => {
  const docker = `612 580 254:0 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw`;
  const podman = `700 650 0:50 /containers/storage/overlay-containers/${ID}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw`;
  t.same(idsOfMounts(`1 0 8:1 / / rw\n${docker}\n`), [ID]);
  t.same(idsOfMounts(`${podman}\n`), [ID]);
});

t.test('what is mounted of other containers on their host does not count', async (t) => {
  const docker = `90 25 0:44 / /var/lib/docker/containers/${ID}/mounts/shm rw - tmpfs shm rw`;
  const podman = `91 25 0:45 / /var/lib/containers/storage/overlay-containers/${ID}/userdata/shm rw - tmpfs shm rw`;
  t.same(idsOfMounts(`${docker}\n${podman}\n`), []);
});

t.test('a gateway of this machine is near, unless the Engine is not run by root', async (t) => {
  const [address = ''] = Object.values(networkInterfaces()).flatMap(
    (all) => all?.map((one) => one.address) ?? [],
  );
  const folder = t.testdir({ sock: '' });
  await chown(`${folder}/sock`, 1_000, 1_000).catch(() => t.comment('only root gives files away'));
  const isOfRoot = statSync(`${folder}/sock`).uid === 0;
  const clock = new FakeClock();
  t.equal(nearness(undefined, clock)(address), true);
  t.equal(
    nearness('/proc/self/mem/none', clock)(address),
    true,
    'of a socket that is not seen nothing is known',
  );
  t.equal(nearness(`${folder}/sock`, clock)(address), isOfRoot);
  t.equal(nearness(undefined, clock)('203.0.113.1'), false);
});
