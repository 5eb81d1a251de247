import { fileURLToPath } from 'node:url';
import { VERSION } from '../../../src/version.ts';
import type { Contender } from '../contender.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** Fairlead finds the containers by their label; nothing else is configured but what an experiment names. */
export const fairlead: Contender = {
  name: 'Fairlead',
  version: () => VERSION,
  gracefulSignal: 'SIGTERM',
  configure: ({ port, workers }) =>
    `http: 127.0.0.1:${port}\nadmin: off\nworkers: ${workers}\nlog-level: error\n`,
  command: (file) => [process.execPath, MAIN, '--config', file],
};
