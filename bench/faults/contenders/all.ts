import type { Contender } from '../contender.ts';
import { caddy } from './caddy.ts';
import { fairlead } from './fairlead.ts';
import { haproxy, haproxySafe } from './haproxy.ts';
import { nginx } from './nginx.ts';

/** All that take part, in the order of the report. */
export const CONTENDERS: readonly Contender[] = [fairlead, haproxy, haproxySafe, nginx, caddy];
