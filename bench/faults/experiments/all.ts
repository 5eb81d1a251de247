import type { Experiment } from '../experiment.ts';
import { CONTAINER_EXPERIMENTS } from './containers.ts';
import { PROXY_EXPERIMENTS } from './proxy.ts';
import { RESPONSE_EXPERIMENTS } from './responses.ts';

const byNumber = ({ id }: Experiment) => Number(/\d+/.exec(id)?.[0]);

/** All experiments, in the order of the report. */
export const EXPERIMENTS: readonly Experiment[] = [
  ...CONTAINER_EXPERIMENTS,
  ...RESPONSE_EXPERIMENTS,
  ...PROXY_EXPERIMENTS,
].sort((a, b) => byNumber(a) - byNumber(b));
