import type { Claim } from '../model/contribution.ts';
import type { Problem } from '../model/problem.ts';
import type { ServiceSettings } from '../model/service.ts';

/** The groups of settings within which each value is decided on its own. */
const NESTED = ['health', 'retry', 'eject', 'timeouts', 'queue', 'sticky'] as const;
const PLAIN = [
  'balance',
  'hash',
  'hedge',
  'drainMs',
  'slowStartMs',
  'holdMs',
  'fallback',
  'errorPages',
] as const;

/** How a setting is called where people set it. */
const SHOWN: Readonly<Record<string, string>> = {
  'health.intervalMs': 'health.interval',
  'health.timeoutMs': 'health.timeout',
  'retry.onReset': 'retry.on',
  'retry.onTimeout': 'retry.on',
  'retry.onStatus': 'retry.on',
  'retry.timeoutMs': 'retry.timeout',
  'retry.budgetPercent': 'retry.budget',
  'eject.durationMs': 'eject.duration',
  'eject.maxPercent': 'eject.max-percent',
  'timeouts.connectMs': 'timeout.connect',
  'timeouts.responseMs': 'timeout.response',
  'timeouts.idleMs': 'timeout.idle',
  'timeouts.requestMs': 'timeout.request',
  'sticky.by': 'sticky',
  'sticky.sameSite': 'sticky.same-site',
  'queue.timeoutMs': 'queue.timeout',
  drainMs: 'drain',
  slowStartMs: 'slow-start',
  holdMs: 'hold',
  errorPages: 'errors',
};

/**
 * One set of settings for a service of those of its members: each value is the newest member's that sets it,
 * and a notice tells those that wanted another.
 * @param claims the later wins
 */
export function mergeSettings(
  service: string,
  claims: readonly Claim[],
  problems: Problem[],
): ServiceSettings {
  const merged: Record<string, unknown> = {};
  const conflicts = new Map<string, Problem>();
  for (const name of PLAIN) {
    const value = decide(service, name, claims, (claim) => claim.settings[name], conflicts);
    if (value !== undefined) merged[name] = value;
  }
  for (const group of NESTED) {
    const keys = new Set(claims.flatMap((claim) => Object.keys(claim.settings[group] ?? {})));
    const values: Record<string, unknown> = {};
    for (const key of keys) {
      const read = (claim: Claim) => (claim.settings[group] as Record<string, unknown> | undefined)?.[key];
      values[key] = decide(service, `${group}.${key}`, claims, read, conflicts);
    }
    if (keys.size > 0) merged[group] = values;
  }
  problems.push(...conflicts.values());
  return merged;
}

function decide(
  service: string,
  name: string,
  claims: readonly Claim[],
  read: (claim: Claim) => unknown,
  conflicts: Map<string, Problem>,
): unknown {
  const setters = claims.filter((claim) => read(claim) !== undefined);
  const winner = setters.at(-1);
  if (winner === undefined) return undefined;
  const value = JSON.stringify(read(winner));
  for (const loser of setters) {
    if (JSON.stringify(read(loser)) === value) continue;
    const key = SHOWN[name] ?? name;
    const why = loser.createdAt > winner.createdAt ? 'serves' : 'is newer';
    conflicts.set(`${loser.origin.name} ${key}`, {
      severity: 'notice',
      source: loser.origin.source,
      subject: loser.origin.name,
      where: key,
      message: `differs from what ${winner.origin.name} says of service ${service}, which ${why} and wins`,
    });
  }
  return read(winner);
}
