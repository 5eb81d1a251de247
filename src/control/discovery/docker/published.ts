import { isIPv6 } from 'node:net';
import type { Address } from '../../../model/address.ts';
import type { Container, PublishedPort } from './container.ts';

const EVERYWHERE: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

/**
 * The address where the Engine's host publishes a port of the container; undefined if it does not.
 * @param host the Engine's host; `127.0.0.1` is this machine
 */
export function publishedAt(container: Container, port: number, host: string): Address | undefined {
  const isHere = host === '127.0.0.1';
  const fitting = container.published.filter(
    (entry) => entry.port === port && (isHere || !isLoopback(entry)),
  );
  // IPv4 and IPv6 may be published at different ports.
  const isOther = (entry: PublishedPort) => isIPv6(entry.ip) !== isIPv6(host);
  const rank = (entry: PublishedPort) => 2 * Number(!EVERYWHERE.has(entry.ip)) + Number(isOther(entry));
  const [best] = fitting.sort((a, b) => rank(a) - rank(b));
  if (best === undefined) return undefined;
  return { host: isHere ? hereOf(best.ip) : host, port: best.hostPort };
}

function isLoopback({ ip }: PublishedPort): boolean {
  return ip === '::1' || ip.startsWith('127.');
}

/** The address of this machine by which a port published at `ip` is reached. */
function hereOf(ip: string): string {
  if (!EVERYWHERE.has(ip)) return ip;
  return ip === '::' ? '::1' : '127.0.0.1';
}
