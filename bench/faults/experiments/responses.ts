import { type Experiment, ms, type Scene } from '../experiment.ts';

const RESET_MS = 2_000;
const UNAVAILABLE_MS = 4_000;
const CHECKED = { 'fairlead.health.path': '/healthz', 'fairlead.health.interval': '1s' };
const RETRIED = { ...CHECKED, 'fairlead.retry.on': 'connect,reset,timeout,5xx' };

/** The victim answers so for a while. */
const answers = (name: string, durationMs: number) => ({
  async fault({ fleet }: Scene) {
    await fleet.tell(fleet.victim, `/fault?name=${name}`);
    await ms(durationMs);
  },
  async recovery({ fleet }: Scene) {
    await fleet.tell(fleet.victim, '/fault?name=none');
  },
});

/** The same while its health check says so too. */
const isSick = {
  async fault({ fleet }: Scene) {
    await fleet.tell(fleet.victim, '/healthz?status=503', 'POST');
    await fleet.tell(fleet.victim, '/fault?name=unavailable');
    await ms(UNAVAILABLE_MS);
  },
  async recovery({ fleet }: Scene) {
    await fleet.tell(fleet.victim, '/fault?name=none');
    await fleet.tell(fleet.victim, '/healthz?status=200', 'POST');
  },
};

const wholeOrCut = {
  text: 'no part of a response as if it were whole',
  isMet: ({ kinds }: { kinds: Readonly<Record<string, number>> }) =>
    kinds['a part as if it were whole'] === undefined && kinds["another request's answer"] === undefined,
};
const noneFailedGet = {
  method: 'GET' as const,
  text: 'none failed',
  isMet: ({ failed }: { failed: number }) => failed === 0,
};
const noneTwice = {
  method: 'POST' as const,
  text: 'none executed twice',
  isMet: ({ twice }: { twice: number }) => twice === 0,
};

/** What backends answer, or do not. */
export const RESPONSE_EXPERIMENTS: readonly Experiment[] = [
  {
    id: 'E7a',
    name: 'resets before the response',
    what: 'one resets the connection of each request for 2 s; its health check passes',
    methods: ['GET', 'POST'],
    ...answers('reset', RESET_MS),
    goals: [noneFailedGet, noneTwice],
  },
  {
    id: 'E7b',
    name: 'resets within the head',
    what: 'the same after half of the head',
    methods: ['GET'],
    ...answers('reset-in-head', RESET_MS),
    goals: [noneFailedGet, wholeOrCut],
  },
  {
    id: 'E7c',
    name: 'resets within the body',
    what: 'the same within a body of known length: the client must see it broken',
    methods: ['GET'],
    ...answers('reset-in-body', RESET_MS),
    goals: [wholeOrCut],
  },
  {
    id: 'E7d',
    name: 'ends within a chunked body',
    what: 'the same within a chunked body, with an orderly close',
    methods: ['GET'],
    ...answers('end-in-chunked-body', RESET_MS),
    goals: [wholeOrCut],
  },
  {
    id: 'E7e',
    name: 'a second response after the first',
    what: 'one sends a response that nobody asked for after each for 2 s: it must reach nobody',
    methods: ['GET'],
    ...answers('surplus', RESET_MS),
    goals: [noneFailedGet, wholeOrCut],
  },
  {
    id: 'E8a',
    name: '503 and a failing health check',
    what: 'one answers 503 for 4 s, to the health check too; nobody retries statuses',
    methods: ['GET'],
    labels: CHECKED,
    ...isSick,
  },
  {
    id: 'E8b',
    name: 'the same, statuses retried',
    what: 'the same with `fairlead.retry.on=connect,reset,timeout,5xx` and what the others have for it',
    methods: ['GET', 'POST'],
    labels: RETRIED,
    retriesStatuses: true,
    ...isSick,
    goals: [noneFailedGet, noneTwice],
  },
  {
    id: 'E8c',
    name: '503 behind a passing health check',
    what: 'one answers 503 for 4 s while its health check passes; statuses are retried',
    methods: ['GET'],
    labels: RETRIED,
    retriesStatuses: true,
    ...answers('unavailable', UNAVAILABLE_MS),
    goals: [noneFailedGet],
  },
  {
    id: 'E8d',
    name: 'a flapping health check',
    what: "one's health check fails and passes every other 500 ms for 6 s; requests are answered",
    methods: ['GET'],
    labels: CHECKED,
    async fault({ fleet }) {
      for (let i = 0; i < 12; i++) {
        await fleet.tell(fleet.victim, `/healthz?status=${i % 2 === 0 ? 503 : 200}`, 'POST');
        await ms(500);
      }
    },
    goals: [noneFailedGet],
  },
  {
    id: 'E16a',
    name: 'stale keep-alive, always',
    what: 'each connection to each backend dies at its second request',
    methods: ['GET', 'POST'],
    env: { FAULT: 'second-request-dies' },
    fault: () => ms(UNAVAILABLE_MS),
    goals: [noneFailedGet, noneTwice],
  },
  {
    id: 'E16b',
    name: 'stale keep-alive, by chance',
    what: 'backends close idle connections after 50 ms, just when the next request comes (60 requests/s)',
    methods: ['GET', 'POST'],
    rate: 60,
    env: { KEEP_ALIVE: '50' },
    fault: () => ms(2 * UNAVAILABLE_MS),
    goals: [noneFailedGet, noneTwice],
  },
];
