import { docker } from '../../../test/support/docker.ts';
import { type Experiment, type Goal, ms, type Scene } from '../experiment.ts';

const FAULT_MS = 4_000;
const PAUSE_MS = 5_000;

const noneFailed: Goal = { text: 'none failed', isMet: ({ failed }) => failed === 0 };
const noneFailedGet: Goal = { ...noneFailed, method: 'GET' };
const onlyInFlight: Goal = {
  method: 'POST',
  text: 'failed: at most those in flight on it',
  isMet: ({ late }) => late === 0,
};
const noneTwice: Goal = { method: 'POST', text: 'none executed twice', isMet: ({ twice }) => twice === 0 };
const quick = (limitMs: number): Goal => ({
  text: `p99 ≤ ${limitMs} ms`,
  isMet: ({ p99 }) => p99 <= limitMs,
});

const restartVictim = ({ fleet }: Scene): Promise<unknown> => docker('start', fleet.victim.name);

/** What happens to containers. */
export const CONTAINER_EXPERIMENTS: readonly Experiment[] = [
  {
    id: 'E1',
    name: 'killed',
    what: '`docker kill` of one of three, `docker start` 4 s later',
    methods: ['GET', 'POST'],
    async fault({ fleet, happened }) {
      await docker('kill', fleet.victim.name);
      happened();
      await ms(FAULT_MS);
    },
    recovery: async (scene) => void (await restartVictim(scene)),
    goals: [
      noneFailedGet,
      onlyInFlight,
      noneTwice,
      { method: 'GET', text: 'slowest ≤ 15 ms', isMet: ({ slowest }) => slowest <= 15 },
    ],
  },
  {
    id: 'E2',
    name: 'stopped, finishes gracefully',
    what: '`docker stop` of one that goes on answering for 3 s after SIGTERM, then `docker start`',
    methods: ['GET', 'POST'],
    env: { STOP_DELAY: '3000' },
    async fault({ fleet }) {
      await docker('stop', fleet.victim.name);
      await ms(FAULT_MS / 4);
    },
    recovery: async (scene) => void (await restartVictim(scene)),
    goals: [noneFailed, noneTwice],
  },
  {
    id: 'E3a',
    name: 'stopped, closes at once',
    what: '`docker stop` of one that closes its listener and its idle connections at SIGTERM, then `docker start`',
    methods: ['GET', 'POST'],
    async fault({ fleet }) {
      await docker('stop', fleet.victim.name);
      await ms(FAULT_MS / 2);
    },
    recovery: async (scene) => void (await restartVictim(scene)),
    goals: [noneFailed, noneTwice],
  },
  {
    id: 'E3b',
    name: 'all restarted in turn',
    what: '`docker restart` of each of the three, 2 s after the one before serves again',
    methods: ['GET', 'POST'],
    async fault({ fleet }) {
      for (const backend of fleet.backends) {
        await docker('restart', backend.name);
        await fleet.serves(backend);
        await ms(FAULT_MS / 2);
      }
    },
    goals: [noneFailed, noneTwice],
  },
  {
    id: 'E4a',
    name: 'paused',
    what: '`docker pause` of one for 5 s: connections stay open and nothing answers',
    methods: ['GET', 'POST'],
    async fault({ fleet, happened }) {
      await docker('pause', fleet.victim.name);
      happened();
      await ms(PAUSE_MS);
    },
    recovery: async ({ fleet }) => void (await docker('unpause', fleet.victim.name)),
    goals: [noneFailedGet, onlyInFlight, noneTwice, quick(250)],
  },
  {
    id: 'E4b',
    name: 'hangs, unknown to Docker',
    what: '`docker kill -s STOP` of one, `-s CONT` 5 s later: as paused, but no event tells of it',
    methods: ['GET', 'POST'],
    async fault({ fleet, happened }) {
      await docker('kill', '-s', 'STOP', fleet.victim.name);
      happened();
      await ms(PAUSE_MS);
    },
    recovery: async ({ fleet }) => void (await docker('kill', '-s', 'CONT', fleet.victim.name)),
    goals: [noneFailedGet, noneTwice, quick(250)],
  },
  {
    id: 'E5',
    name: 'cut from the network',
    what: '`docker network disconnect` of one for 4 s: no packet comes back',
    methods: ['GET', 'POST'],
    async fault({ fleet, happened }) {
      await docker('network', 'disconnect', fleet.network, fleet.victim.name);
      happened();
      await ms(FAULT_MS);
    },
    async recovery({ fleet }) {
      await docker('network', 'connect', '--ip', fleet.victim.ip, fleet.network, fleet.victim.name);
    },
    goals: [noneFailedGet, noneTwice, quick(250)],
  },
  {
    id: 'E6',
    name: 'slow to start',
    what: '`docker restart` of one that listens only 4 s after its start',
    methods: ['GET'],
    env: { START_DELAY: '4000' },
    async fault({ fleet }) {
      await docker('restart', fleet.victim.name);
      await fleet.serves(fleet.victim);
    },
    recovery: async () => {},
    goals: [noneFailed],
  },
];
