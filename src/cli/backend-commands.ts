import { ASKS, type Command, MISTAKE, type Operand } from './command.ts';

const BACKEND: readonly Operand[] = [{ kind: 'backend' }];
const DONE = [0, 'done'] as const;
const ORDERED = [DONE, [1, 'no Fairlead answers, it refuses, or has no such backend'], MISTAKE] as const;
const UNTIL = 'It holds until Fairlead restarts, whatever happens to the container meanwhile.';

export const DRAIN: Command = {
  name: 'drain',
  usage: 'BACKEND [OPTIONS]',
  doc: 'Send a backend no new requests; cut what is left after its drain time',
  about: [UNTIL],
  operands: BACKEND,
  options: ASKS,
  examples: [['drain web-1', 'before it is stopped by hand, say']],
  exits: ORDERED,
  load: async () => (await import('./send-order.ts')).stateCommand('drain'),
};

export const MAINTENANCE: Command = {
  name: 'maintenance',
  usage: 'BACKEND [OPTIONS]',
  doc: 'Send a backend no new requests; what it has may finish, however long',
  about: [UNTIL],
  operands: BACKEND,
  options: ASKS,
  examples: [['maintenance web-1', '`fairlead ready web-1` ends it']],
  exits: ORDERED,
  load: async () => (await import('./send-order.ts')).stateCommand('maintenance'),
};

export const READY: Command = {
  name: 'ready',
  usage: 'BACKEND [OPTIONS]',
  doc: 'End the drain or maintenance of a backend',
  operands: BACKEND,
  options: ASKS,
  examples: [['ready web-1', 'it gets requests again, once it is well']],
  exits: ORDERED,
  load: async () => (await import('./send-order.ts')).stateCommand('ready'),
};

export const WEIGHT: Command = {
  name: 'weight',
  usage: 'BACKEND 0–256|default [OPTIONS]',
  doc: 'Give a backend another weight',
  about: [UNTIL],
  operands: [{ kind: 'backend' }, { kind: 'choice', choices: ['default', '0', '1'] }],
  options: ASKS,
  examples: [
    ['weight web-1 0', 'only clients that are sticky to it stay'],
    ['weight web-1 default', 'the configured one'],
  ],
  exits: ORDERED,
  load: async () => (await import('./send-order.ts')).weight,
};
