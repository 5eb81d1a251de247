import { eventually } from './eventually.ts';
import type { TestProxy } from './proxy.ts';

/** What of a proxy's traffic has not ended: exchanges in flight on backends, client connections, and tunnels. */
function counts(proxy: TestProxy): number[] {
  const { backends, clientConnections, upgrades } = proxy.plane.stats();
  return [...Object.values(backends).map(({ inFlight }) => inFlight), clientConnections, upgrades];
}

export function underWay(proxy: TestProxy): number {
  return counts(proxy).reduce((sum, count) => sum + count, 0);
}

/** Waits until nothing is under way any more; fails if something is counted that never ends, or ended twice. */
export async function untilQuiet(proxy: TestProxy): Promise<void> {
  const isQuiet = () => counts(proxy).every((count) => count === 0);
  await eventually('nothing under way', isQuiet).catch(() => {
    throw new Error(`still under way, on backends, connections and tunnels: ${counts(proxy).join(' ')}`);
  });
}
