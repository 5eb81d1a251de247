import type { Contender } from './contender.ts';
import { caddy } from './peers/caddy.ts';
import { fairlead } from './peers/fairlead.ts';
import { haproxy } from './peers/haproxy.ts';
import { nginx } from './peers/nginx.ts';
import { bareSockets, httpProxy, undici } from './peers/node.ts';
import { traefik } from './peers/traefik.ts';

/** All that are known, of which those that are installed take part. */
export const CONTENDERS: readonly Contender[] = [
  fairlead,
  haproxy,
  nginx,
  caddy,
  traefik,
  bareSockets,
  undici,
  httpProxy,
];
