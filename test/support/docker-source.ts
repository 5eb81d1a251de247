import type { Test } from 'tap';
import { DockerSource, type DockerSourceOptions } from '../../src/control/discovery/docker/docker-source.ts';
import type { Claim, Contribution } from '../../src/model/contribution.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { FakeClock, settle } from './clock.ts';
import { FakeEngine } from './fake-engine.ts';

/** A source that follows an Engine which the test plays, until the end of the test. */
export interface FollowedEngine {
  readonly engine: FakeEngine;
  readonly clock: FakeClock;
  readonly source: DockerSource;
  /** All that it published, in order. */
  readonly contributions: Contribution[];
  /** What it published last. */
  latest(): Contribution;
  /** Of the last contribution: the claim of the container of that name. */
  claim(name: string): Claim | undefined;
  /** Names of the containers that serve. */
  serving(): string[];
  stop(): void;
}

/** Starts to follow, and lets it settle: with an Engine that answers it has listed all. */
export async function followEngine(
  t: Test,
  prepare: (engine: FakeEngine) => void = () => {},
  options: Partial<DockerSourceOptions> = {},
): Promise<FollowedEngine> {
  const engine = new FakeEngine();
  const clock = new FakeClock();
  prepare(engine);
  const source = new DockerSource({
    name: 'docker',
    endpoint: 'unix:///run/docker.sock',
    engine,
    clock,
    log: silentLog(),
    ownIds: [],
    elsewhere: { kind: 'here' },
    allow: [],
    ...options,
  });
  const contributions: Contribution[] = [];
  const stopping = new AbortController();
  t.teardown(() => stopping.abort());
  source.watch((contribution) => contributions.push(contribution), stopping.signal);
  await settle();
  const latest = () => {
    const last = contributions.at(-1);
    if (last === undefined) throw new Error('nothing was published yet');
    return last;
  };
  return {
    engine,
    clock,
    source,
    contributions,
    latest,
    claim: (name) => latest().claims.find(({ origin }) => origin.name === name),
    serving: () => latest().claims.flatMap(({ serves }) => serves?.name ?? []),
    stop: () => stopping.abort(),
  };
}
