import { isIPv6 } from 'node:net';
import type { Address } from '../../../model/address.ts';
import type { Container, PublishedPort } from './container.ts';

const EVERYWHERE: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

/**
 * Where a port of the container is reached that the Engine's host publishes, if it is.
 * @param host the Engine's host; `127.0.0.1` is this one
 */
export function publishedAt(container: Container, port: number, host: string): Address | undefined {
  const isHere = host === '127.0.0.1';
  const fitting = container.published.filter(
    (entry) => entry.port === port && (isHere || !isLoopback(entry)),
  );
  // Each family may have a port of its own.
  const isOther = (entry: PublishedPort) => isIPv6(entry.ip) !== isIPv6(host);
  const rank = (entry: PublishedPort) => 2 * Number(!EVERYWHERE.has(entry.ip)) + Number(isOther(entry));
  const [best] = fitting.sort((a, b) => rank(a) - rank(b));
  if (best === undefined) return undefined;
  return { host: isHere ? hereOf(best.ip) : host, port: best.hostPort };
}

function isLoopback({ ip }: PublishedPort): boolean {
  return ip === '::1' || ip.startsWith('127.');
}

/** An address of this machine at which a port that is published there is reached. */
function hereOf(ip: string): string {
  if (!EVERYWHERE.has(ip)) return ip;
  return ip === '::' ? '::1' : '127.0.0.1';
}
