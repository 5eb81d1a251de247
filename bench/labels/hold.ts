// One shape in one tree of the project: how long its labels hold the thread that carries traffic, in milliseconds, and
// what a request costs afterwards, in nanoseconds.
import type { ContainerInfo } from 'dockerode';
import { SHAPES, type Shape } from './shapes.ts';

const [tree = '', name = ''] = process.argv.slice(2);
const load = (path: string) => import(`${tree}/src/${path}`);
const { DockerSource } = await load('control/discovery/docker/docker-source.ts');
const { ControlPlane } = await load('control/control-plane.ts');
const { LiveTopology } = await load('data/live-topology.ts');
const { systemClock } = await load('model/clock.ts');
const { silentLog } = await load('telemetry/log.ts');

function entry(id: string, labels: Record<string, string>, address: string): ContainerInfo {
  const NetworkSettings = { Networks: { bridge: { NetworkID: 'net', IPAddress: address } } };
  return {
    Id: id.padEnd(64, '0'),
    Names: [`/c-${id}`],
    Image: 'my/app',
    Created: 1_700_000_000,
    Ports: [{ PrivatePort: 80, Type: 'tcp' }],
    Labels: labels,
    State: 'running',
    Status: 'Up',
    HostConfig: { NetworkMode: 'bridge' },
    NetworkSettings,
  } as unknown as ContainerInfo;
}

function container(shape: Shape, place: number): ContainerInfo {
  const id = `beef${String(place).padStart(8, '0')}`;
  return entry(id, shape.labels(place), `172.18.${place >> 8}.${place & 255}`);
}

const shape = SHAPES.find((one) => one.name === name) as Shape;
const honest = Array.from({ length: 300 }, (_, i) =>
  entry(`a${i}b`, { 'fairlead.host': `honest-${i}.org` }, `172.17.${i >> 8}.${i & 255}`),
);
const hostile = Array.from({ length: shape.containers }, (_, i) => container(shape, i));
const all = new Map(honest.map((one) => [one.Id, one]));
let onEvent = (_: { containerId: string; action: string; signal: number }) => {};
const engine = {
  negotiate: async () => ({ version: '1', api: '1' }),
  containers: async (ids?: string[]) => (ids ?? [...all.keys()]).flatMap((id) => all.get(id) ?? []),
  networkDrivers: async () => new Map([['net', 'bridge']]),
  stopBehaviour: async () => ({ signal: 'SIGTERM', timeoutMs: 10_000 }),
  events: (tell: typeof onEvent, onOpen: () => void) => {
    onEvent = tell;
    onOpen();
    return new Promise<void>(() => {});
  },
};
const log = silentLog();
const source = new DockerSource({
  name: 'docker',
  endpoint: 'unix:///x',
  engine,
  clock: systemClock,
  log,
  ownIds: [],
  elsewhere: { kind: 'here' },
  allow: [],
});
const probe = async () => ({ isPass: true, reason: '' });
const control = new ControlPlane([source], systemClock, probe);
const applied = new LiveTopology(systemClock, Math.random, { takeProof() {}, enforce() {} });
control.subscribe((snapshot: unknown) => applied.apply(snapshot));
control.start();

/** The processor's time between two turns of the loop: what others do on this machine is no part of it. */
let longest = 0;
let last = 0;
function now(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
function turn(): void {
  const at = now();
  longest = Math.max(longest, at - last);
  last = at;
  setImmediate(turn);
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// Ordinary containers come and go first: code that never ran is compiled for the first label, whatever it says.
await sleep(300);
for (let i = 0; i < 30; i++) {
  const [one] = honest.splice(0, 1) as [ContainerInfo];
  const next = entry(`d${i}e`, { 'fairlead.host': `honest-${i}.org` }, `172.19.0.${i}`);
  all.delete(one.Id);
  all.set(next.Id, next);
  for (const { Id } of [one, next]) onEvent({ containerId: Id, action: 'start', signal: Number.NaN });
  await sleep(20);
}
await sleep(600);
last = now();
turn();
for (const one of hostile) {
  all.set(one.Id, one);
  onEvent({ containerId: one.Id, action: 'start', signal: Number.NaN });
}
// The first at once, the rest a tenth of a second later, and all again when the list has caught up.
for (let same = 0, version = -1; same < 8; await sleep(100)) {
  same = control.snapshot.version === version ? same + 1 : 0;
  version = control.snapshot.version;
}
const held = longest;

const start = process.cpuUsage();
const COUNT = 20_000;
for (let i = 0; i < COUNT; i++) applied.table.match('honest-250.org', '/some/path');
const { user, system } = process.cpuUsage(start);
const match = ((user + system) / COUNT) * 1_000;
console.log(JSON.stringify({ held, match }));
process.exit(0);
