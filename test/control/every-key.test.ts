import t, { type Test } from 'tap';
import { ControlPlane } from '../../src/control/control-plane.ts';
import { explainWorkload } from '../../src/explain.ts';
import { KEYS } from '../../src/model/keys/key-table.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { settle } from '../support/clock.ts';
import { followEngine } from '../support/docker-source.ts';
import { makeEntry } from '../support/fake-engine.ts';
import { ScriptedProbe } from '../support/scripted-probe.ts';

/** A value of each key that is not what holds without it, and labels that it needs beside it. */
const VALUES: Readonly<Record<string, string | readonly [value: string, others: Record<string, string>]>> = {
  enable: 'false',
  host: 'other.localhost',
  path: '/api',
  priority: '7',
  'strip-prefix': ['true', { 'fairlead.path': '/api' }],
  tls: 'off',
  https: 'both',
  hsts: '365d, subdomains',
  service: 'blog',
  port: '8080',
  network: 'front',
  weight: '3',
  backup: 'true',
  'max-connections': '9',
  balance: 'random',
  hash: 'header:x-tenant',
  sticky: 'cookie',
  'sticky.name': 'shop',
  'sticky.same-site': 'strict',
  'sticky.secure': 'always',
  'slow-start': '30s',
  'queue.size': '5',
  'queue.timeout': '1s',
  hold: '5s',
  'health.path': '/healthz',
  'health.type': 'none',
  'health.interval': '1s',
  'health.timeout': '1s',
  'health.rise': '3',
  'health.fall': '4',
  'health.status': '200-299, 404',
  'health.method': 'HEAD',
  'health.host': 'probe.localhost',
  'health.port': '9000',
  'health.start': 'up',
  'retry.attempts': '5',
  'retry.on': 'connect, timeout, 503',
  'retry.timeout': '7s',
  'retry.methods': 'GET, PUT',
  'retry.budget': '30%',
  hedge: 'off',
  'eject.failures': '4',
  'eject.duration': '9s',
  'eject.max-percent': '10%',
  fallback: 'url:https://status.example.org/, status:502',
  errors: '404:page:none.html, 500-599:page:{status}.html',
  'timeout.connect': '1s',
  'timeout.response': '90s',
  'timeout.idle': '10s',
  'timeout.request': '2m',
  drain: '1h',
  redirect: 'https',
  'headers.request.NAME': 'blue',
  'headers.response.NAME': 'green',
};

/** It can only be what it is. */
const WITHOUT_EFFECT = ['scheme'];

/** What becomes of a container with these labels, and how it is explained apart from the labels themselves. */
async function follow(t: Test, labels: Record<string, string>) {
  const { source, clock } = await followEngine(t, (engine) => {
    const entry = makeEntry({ id: 'a', labels: { 'fairlead.host': 'shop.localhost', ...labels } });
    const networks = entry.NetworkSettings.Networks as Record<string, object>;
    networks['front'] = { NetworkID: 'net-front', IPAddress: '172.18.0.2' };
    engine.entries = [entry];
    engine.drivers?.set('net-front', 'bridge');
  });
  const plane = new ControlPlane([source], clock, new ScriptedProbe(clock).probe, { random: () => 0.5 });
  plane.start();
  t.teardown(() => plane.stop());
  await settle();
  const [report] = source.explain('shop-a').reports;
  const lines = report === undefined ? [] : explainWorkload(report, plane.snapshot, () => []);
  return { snapshot: plane.snapshot, lines: lines.filter((line) => !line.startsWith('    fairlead.')) };
}

/** What requests go by. */
function effect({ services, routes, problems }: Snapshot): string {
  return JSON.stringify([services, routes, problems]);
}

t.test('every key is tried here', async (t) => {
  const keys = KEYS.entries.map(({ key }) => key).filter((key) => !WITHOUT_EFFECT.includes(key));
  t.same(Object.keys(VALUES).sort(), keys.sort());
});

for (const { key, path } of KEYS.entries) {
  const given = VALUES[key];
  if (given === undefined) continue;
  const [value, others] = typeof given === 'string' ? [given, {}] : given;
  t.test(`fairlead.${key} changes what requests go by, and explain says it`, async (t) => {
    const before = await follow(t, others);
    const after = await follow(t, { ...others, [`fairlead.${key}`]: value });
    t.same(after.snapshot.problems, []);
    t.not(effect(after.snapshot), effect(before.snapshot));
    t.not(after.lines.join('\n'), before.lines.join('\n'));
    const said = KEYS.find(key)?.key;
    if (path[0] === 'settings') t.match(after.lines.join('\n'), ` ${said}=${value}`, 'as people write it');
  });
}
