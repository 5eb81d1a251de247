import type { Claim } from '../model/contribution.ts';
import type { Problem } from '../model/problem.ts';
import type { ServiceSettings } from '../model/service.ts';

/** What says `each` is a group: its values are decided one by one. What says `whole` is one value. */
type Deciding = {
  readonly [K in keyof ServiceSettings]-?: Record<never, never> extends Required<ServiceSettings>[K]
    ? 'each'
    : 'whole';
};

/** By the type every setting is here: one that is not merged would be lost without a word. */
const SETTINGS: Deciding = {
  balance: 'whole',
  hash: 'whole',
  health: 'each',
  retry: 'each',
  eject: 'each',
  hedge: 'whole',
  timeouts: 'each',
  drainMs: 'whole',
  sticky: 'each',
  slowStartMs: 'whole',
  queue: 'each',
  holdMs: 'whole',
  fallback: 'whole',
  errorPages: 'whole',
};

/** How a setting is called where people set it. */
const SHOWN: Readonly<Record<string, string>> = {
  'health.intervalMs': 'health.interval',
  'health.timeoutMs': 'health.timeout',
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
  const names = Object.keys(SETTINGS) as (keyof ServiceSettings)[];
  for (const name of names.filter((name) => claims.some((claim) => claim.settings[name] !== undefined))) {
    if (SETTINGS[name] === 'whole') {
      merged[name] = decide(service, name, claims, (claim) => claim.settings[name], conflicts);
      continue;
    }
    const group = (claim: Claim) => (claim.settings[name] ?? {}) as Readonly<Record<string, unknown>>;
    const keys = new Set(claims.flatMap((claim) => Object.keys(group(claim))));
    merged[name] = Object.fromEntries(
      [...keys].map((key) => [
        key,
        decide(service, `${name}.${key}`, claims, (claim) => group(claim)[key], conflicts),
      ]),
    );
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
